using Xunit;

namespace Tokenwright.Conformance.Specs;

/// <summary>What holds for drafters.</summary>
public abstract class DrafterSpecs : SpecBase
{
    /// <summary>DRF-001</summary>
    [Fact]
    public virtual Task Drafts_keep_within_their_room_and_depth_and_so_the_budget_and_the_context_hold_exactly() =>
        HoldsAsync("DRF-001");

    /// <summary>DRF-002</summary>
    [Fact]
    public virtual Task Nodes_are_what_the_drafter_says_it_proposes() => HoldsAsync("DRF-002");

    /// <summary>DRF-003</summary>
    [Fact]
    public virtual Task The_same_run_from_the_same_stores_drafts_the_same() => HoldsAsync("DRF-003");

    /// <summary>DRF-004</summary>
    [Fact]
    public virtual Task What_a_drafter_is_shown_it_leaves_as_it_is() => HoldsAsync("DRF-004");

    /// <summary>DRF-005</summary>
    [Fact]
    public virtual Task A_model_without_trees_rewinding_or_forking_is_given_chains_or_the_need_is_declared() =>
        HoldsAsync("DRF-005");

    /// <summary>DRF-006</summary>
    [Fact]
    public virtual Task What_a_drafter_opens_it_gives_back_also_where_the_text_is_cancelled() => HoldsAsync("DRF-006");

    /// <summary>DRF-007</summary>
    [Fact]
    public virtual Task A_drafter_that_runs_a_model_stops_when_it_is_told_to() => HoldsAsync("DRF-007");

    /// <summary>DRF-010</summary>
    [Fact]
    public virtual Task A_draft_does_not_change_a_greedy_text() => HoldsAsync("DRF-010");

    /// <summary>DRF-011</summary>
    [Fact]
    public virtual Task A_draft_does_not_change_the_text_of_a_seed_whatever_was_learnt_from_texts_before() =>
        HoldsAsync("DRF-011");

    /// <summary>DRF-012</summary>
    [Fact]
    public virtual Task On_a_real_model_texts_part_from_plain_decoding_only_at_near_ties() => HoldsAsync("DRF-012");

    /// <summary>DRF-020</summary>
    [Fact]
    public virtual Task The_text_has_the_law_of_plain_sampling_under_every_verifier_that_accepts_the_drafts() =>
        HoldsAsync("DRF-020");

    /// <summary>DRF-021</summary>
    [Fact]
    public virtual Task Texts_drawn_with_the_randomness_of_real_use_have_the_law_of_plain_sampling() => HoldsAsync("DRF-021");

    /// <summary>DRF-030</summary>
    [Fact]
    public virtual Task A_draft_does_not_change_a_constrained_text_whether_it_knows_of_the_constraint_or_not() =>
        HoldsAsync("DRF-030");

    /// <summary>DRF-031</summary>
    [Fact]
    public virtual Task A_constrained_text_has_the_law_of_plain_constrained_sampling() => HoldsAsync("DRF-031");

    /// <summary>DRF-040</summary>
    [Fact]
    public virtual Task Texts_that_share_stores_at_the_same_time_stay_themselves() => HoldsAsync("DRF-040");

    /// <summary>DRF-050</summary>
    [Fact]
    public virtual Task Where_the_text_is_easy_to_foresee_drafts_save_passes() => HoldsAsync("DRF-050");

    /// <summary>DRF-051</summary>
    [Fact]
    public virtual Task A_warm_step_allocates_nothing() => HoldsAsync("DRF-051");
}
