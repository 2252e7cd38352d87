using Tokenwright.Host;
using Xunit;

namespace Tokenwright.Conformance.Specs;

/// <summary>What holds for the plugin as a whole.</summary>
public abstract class PluginSpecs : SpecBase
{
    /// <summary>PLG-001</summary>
    [Fact]
    public virtual Task The_host_loads_the_plugin_without_a_complaint() => HoldsAsync("PLG-001");

    /// <summary>PLG-002</summary>
    [Fact]
    public virtual Task Every_part_can_be_made_anew_each_time() => HoldsAsync("PLG-002");

    /// <summary>PLG-003</summary>
    [Fact]
    public virtual Task Parts_and_options_say_what_they_are_in_a_sentence() => HoldsAsync("PLG-003");

    /// <summary>PLG-004</summary>
    [Fact]
    public virtual Task Options_keep_their_defaults_within_their_own_bounds_and_read_values_alike_in_every_culture() =>
        HoldsAsync("PLG-004");

    /// <summary>PLG-005</summary>
    [Fact]
    public virtual Task A_part_may_be_disposed_twice_and_before_it_was_prepared() => HoldsAsync("PLG-005");

    /// <summary>PLG-006</summary>
    [Fact]
    public virtual Task Once_given_up_nothing_holds_on_to_the_plugin_s_code() => HoldsAsync("PLG-006");

    /// <summary>Spec classes that this test project leaves out on purpose.</summary>
    protected virtual IReadOnlyList<Type> Ignored => [];

    /// <summary>Every seam that the plugin fills has its specs in this test project.</summary>
    [Fact]
    public virtual void No_spec_was_forgotten()
    {
        var missing = Plugin
            .Parts.Select(part => SpecsOf(part.Seam))
            .Distinct()
            .Where(specs => !Ignored.Contains(specs))
            .Where(specs => !GetType().Assembly.GetTypes().Any(type => !type.IsAbstract && specs.IsAssignableFrom(type)));
        Assert.True(
            !missing.Any(),
            $"The plugin has parts that nothing here tests. Derive a class from {string.Join(", ", missing.Select(specs => specs.Name))}."
        );
    }

    private static Type SpecsOf(Seam seam) =>
        seam switch
        {
            Seam.Method => typeof(MethodSpecs),
            Seam.Target => typeof(TargetSpecs),
            Seam.Processor => typeof(ProcessorSpecs),
            Seam.Constraint => typeof(ConstraintSpecs),
            Seam.Drafter => typeof(DrafterSpecs),
            Seam.Verifier => typeof(VerifierSpecs),
            _ => typeof(LoopSpecs),
        };
}
