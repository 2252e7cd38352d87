using Xunit;

namespace Tokenwright.Conformance.Specs;

/// <summary>What holds for decoding methods.</summary>
public abstract class MethodSpecs : SpecBase
{
    /// <summary>MET-001</summary>
    [Fact]
    public virtual Task The_planner_accepts_the_method_where_nothing_is_missing_and_says_what_is_missing_where_something_is() =>
        HoldsAsync("MET-001");

    /// <summary>MET-010</summary>
    [Fact]
    public virtual Task At_temperature_0_the_tokens_are_those_of_plain_greedy_decoding() => HoldsAsync("MET-010");

    /// <summary>MET-011</summary>
    [Fact]
    public virtual Task A_seed_has_the_text_of_plain_sampling() => HoldsAsync("MET-011");

    /// <summary>MET-020</summary>
    [Fact]
    public virtual Task The_text_has_the_law_of_plain_sampling() => HoldsAsync("MET-020");

    /// <summary>MET-030</summary>
    [Fact]
    public virtual Task A_constrained_greedy_text_is_that_of_plain_constrained_decoding() => HoldsAsync("MET-030");

    /// <summary>MET-040</summary>
    [Fact]
    public virtual Task A_text_is_the_same_beside_other_texts() => HoldsAsync("MET-040");
}
