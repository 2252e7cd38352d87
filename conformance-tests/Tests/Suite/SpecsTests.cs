using Tokenwright.Conformance.Specs;

namespace Tokenwright.Tests.Suite;

// What an author writes: one class per seam that the plugin fills.

public sealed class PromptLookupPlugin : PluginSpecs
{
    protected override string PluginDll => ShippedPlugins.Dll("PromptLookup");
}

public sealed class PromptLookupDrafter : DrafterSpecs
{
    protected override string PluginDll => ShippedPlugins.Dll("PromptLookup");
}

public sealed class PromptLookupMethod : MethodSpecs
{
    protected override string PluginDll => ShippedPlugins.Dll("PromptLookup");
}

/// <summary>What the specs say where something is wrong.</summary>
public sealed class SpecsTests
{
    [Fact]
    public void A_seam_without_specs_is_a_failing_test()
    {
        var forgetful = () => new Forgetful().No_spec_was_forgotten();

        forgetful.Should().Throw<Exception>().WithMessage("*Derive a class from ConstraintSpecs*");
    }

    // No class of this assembly holds constraints.
    private sealed class Forgetful : PluginSpecs
    {
        protected override string PluginDll => ShippedPlugins.Dll("JsonSchema");
    }
}
