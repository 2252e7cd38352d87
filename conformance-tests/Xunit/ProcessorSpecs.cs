using Xunit;

namespace Tokenwright.Conformance.Specs;

/// <summary>What holds for processors.</summary>
public abstract class ProcessorSpecs : SpecBase
{
    /// <summary>PRO-001</summary>
    [Fact]
    public virtual Task A_row_keeps_at_least_one_token_its_logits_are_numbers_and_a_sparse_row_stays_in_order() =>
        HoldsAsync("PRO-001");

    /// <summary>PRO-002</summary>
    [Fact]
    public virtual Task The_same_path_state_and_row_give_the_same_distribution_whatever_was_asked_before() =>
        HoldsAsync("PRO-002");

    /// <summary>PRO-003</summary>
    [Fact]
    public virtual Task Where_a_path_is_cut_into_committed_and_drafted_tokens_makes_no_difference() => HoldsAsync("PRO-003");

    /// <summary>PRO-004</summary>
    [Fact]
    public virtual Task What_was_ruled_out_stays_out() => HoldsAsync("PRO-004");

    /// <summary>PRO-005</summary>
    [Fact]
    public virtual Task A_processor_that_says_it_cannot_change_the_most_likely_token_does_not_and_one_that_takes_it_leaves_it_alone() =>
        HoldsAsync("PRO-005");

    /// <summary>PRO-006</summary>
    [Fact]
    public virtual Task A_state_is_a_value_going_on_from_it_leaves_it_and_the_row_as_they_were() => HoldsAsync("PRO-006");

    /// <summary>PRO-010</summary>
    [Fact]
    public virtual Task With_a_history_a_draft_changes_no_text_greedy_or_sampled() => HoldsAsync("PRO-010");

    /// <summary>PRO-020</summary>
    [Fact]
    public virtual Task Shaped_texts_keep_their_law_under_rules_that_compare_p_and_q() => HoldsAsync("PRO-020");

    /// <summary>PRO-030</summary>
    [Fact]
    public virtual Task Beside_a_constraint_the_text_is_allowed_and_drafts_do_not_change_it() => HoldsAsync("PRO-030");

    /// <summary>PRO-040</summary>
    [Fact]
    public virtual Task A_text_is_the_same_beside_other_texts() => HoldsAsync("PRO-040");

    /// <summary>PRO-050</summary>
    [Fact]
    public virtual Task A_warm_step_allocates_nothing() => HoldsAsync("PRO-050");
}
