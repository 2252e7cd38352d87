using Xunit;

namespace Tokenwright.Conformance.Specs;

/// <summary>What holds for loops.</summary>
public abstract class LoopSpecs : SpecBase
{
    /// <summary>LOP-001</summary>
    [Fact]
    public virtual Task The_budget_and_the_context_hold_exactly() => HoldsAsync("LOP-001");

    /// <summary>LOP-002</summary>
    [Fact]
    public virtual Task An_end_token_or_a_stop_string_cuts_wherever_inside_a_kept_path_it_falls() => HoldsAsync("LOP-002");

    /// <summary>LOP-003</summary>
    [Fact]
    public virtual Task Steps_one_after_another_are_the_committed_tokens_and_nothing_else_becomes_visible() =>
        HoldsAsync("LOP-003");

    /// <summary>LOP-004</summary>
    [Fact]
    public virtual Task After_every_step_the_target_s_cache_holds_committed_tokens_and_nothing_else() => HoldsAsync("LOP-004");

    /// <summary>LOP-005</summary>
    [Fact]
    public virtual Task Cancelling_ends_the_text_within_a_step_and_everything_opened_is_given_back() => HoldsAsync("LOP-005");

    /// <summary>LOP-006</summary>
    [Fact]
    public virtual Task A_drafter_observes_the_prompt_and_every_step_with_what_was_kept_and_what_was_emitted() =>
        HoldsAsync("LOP-006");

    /// <summary>LOP-010</summary>
    [Fact]
    public virtual Task The_text_of_a_seed_is_that_of_plain_decoding_greedy_and_sampled_whatever_is_drafted() =>
        HoldsAsync("LOP-010");

    /// <summary>LOP-011</summary>
    [Fact]
    public virtual Task A_long_prompt_fed_in_parts_gives_the_text_that_it_gives_plainly() => HoldsAsync("LOP-011");

    /// <summary>LOP-012</summary>
    [Fact]
    public virtual Task On_a_real_model_texts_part_from_plain_decoding_only_at_near_ties() => HoldsAsync("LOP-012");

    /// <summary>LOP-020</summary>
    [Fact]
    public virtual Task Texts_have_the_law_of_plain_sampling_under_every_shipped_verifier() => HoldsAsync("LOP-020");

    /// <summary>LOP-030</summary>
    [Fact]
    public virtual Task Constraints_hold_in_every_step_and_end_the_text_where_they_end() => HoldsAsync("LOP-030");

    /// <summary>LOP-040</summary>
    [Fact]
    public virtual Task A_text_is_the_same_beside_other_texts() => HoldsAsync("LOP-040");

    /// <summary>LOP-050</summary>
    [Fact]
    public virtual Task Kept_drafts_save_forwards() => HoldsAsync("LOP-050");

    /// <summary>LOP-051</summary>
    [Fact]
    public virtual Task A_warm_step_allocates_nothing() => HoldsAsync("LOP-051");
}
