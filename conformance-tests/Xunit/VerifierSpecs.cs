using Xunit;

namespace Tokenwright.Conformance.Specs;

/// <summary>What holds for acceptance rules.</summary>
public abstract class VerifierSpecs : SpecBase
{
    /// <summary>VER-001</summary>
    [Fact]
    public virtual Task Every_step_is_finished_with_a_draft_and_without_one() => HoldsAsync("VER-001");

    /// <summary>VER-002</summary>
    [Fact]
    public virtual Task The_same_seed_gives_the_same_text() => HoldsAsync("VER-002");

    /// <summary>VER-003</summary>
    [Fact]
    public virtual Task The_draft_and_the_target_s_distributions_are_read_not_changed() => HoldsAsync("VER-003");

    /// <summary>VER-010</summary>
    [Fact]
    public virtual Task At_temperature_0_the_tokens_are_those_of_plain_greedy_decoding() => HoldsAsync("VER-010");

    /// <summary>VER-011</summary>
    [Fact]
    public virtual Task A_seed_has_the_text_of_plain_sampling() => HoldsAsync("VER-011");

    /// <summary>VER-012</summary>
    [Fact]
    public virtual Task A_budget_the_context_and_an_end_token_inside_a_kept_path_cut_there() => HoldsAsync("VER-012");

    /// <summary>VER-020</summary>
    [Fact]
    public virtual Task Whatever_is_drafted_the_text_has_the_law_of_plain_sampling() => HoldsAsync("VER-020");

    /// <summary>VER-021</summary>
    [Fact]
    public virtual Task Chains_of_four_tokens_and_of_a_length_that_depends_on_what_was_drawn_keep_the_law() =>
        HoldsAsync("VER-021");

    /// <summary>VER-022</summary>
    [Fact]
    public virtual Task An_end_token_inside_a_draft_keeps_the_law() => HoldsAsync("VER-022");

    /// <summary>VER-023</summary>
    [Fact]
    public virtual Task Texts_drawn_with_the_randomness_of_real_use_have_the_law_of_plain_sampling() => HoldsAsync("VER-023");

    /// <summary>VER-030</summary>
    [Fact]
    public virtual Task Under_a_constraint_the_law_is_that_of_plain_constrained_sampling_though_the_draft_knows_nothing_of_it() =>
        HoldsAsync("VER-030");

    /// <summary>VER-031</summary>
    [Fact]
    public virtual Task At_temperature_0_a_constrained_text_is_that_of_plain_constrained_decoding() => HoldsAsync("VER-031");

    /// <summary>VER-040</summary>
    [Fact]
    public virtual Task A_text_is_the_same_beside_other_texts() => HoldsAsync("VER-040");

    /// <summary>VER-050</summary>
    [Fact]
    public virtual Task A_perfect_draft_is_kept_whole_at_temperature_0() => HoldsAsync("VER-050");

    /// <summary>VER-051</summary>
    [Fact]
    public virtual Task A_warm_verification_allocates_nothing() => HoldsAsync("VER-051");
}
