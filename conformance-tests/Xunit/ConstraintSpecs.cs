using Xunit;

namespace Tokenwright.Conformance.Specs;

/// <summary>What holds for constraints.</summary>
public abstract class ConstraintSpecs : SpecBase
{
    /// <summary>CON-001</summary>
    [Fact]
    public virtual Task A_state_is_a_value_walking_one_branch_leaves_all_others_as_they_were() => HoldsAsync("CON-001");

    /// <summary>CON-002</summary>
    [Fact]
    public virtual Task Allows_says_of_every_token_what_the_mask_says() => HoldsAsync("CON-002");

    /// <summary>CON-003</summary>
    [Fact]
    public virtual Task A_token_that_is_not_allowed_cannot_be_followed() => HoldsAsync("CON-003");

    /// <summary>CON-004</summary>
    [Fact]
    public virtual Task A_mask_is_overwritten_whole_and_allows_nothing_beyond_the_vocabulary() => HoldsAsync("CON-004");

    /// <summary>CON-005</summary>
    [Fact]
    public virtual Task No_state_is_a_dead_end() => HoldsAsync("CON-005");

    /// <summary>CON-006</summary>
    [Fact]
    public virtual Task Masks_follow_from_the_tokens_alone() => HoldsAsync("CON-006");

    /// <summary>CON-007</summary>
    [Fact]
    public virtual Task Asking_what_is_forced_changes_nothing_and_the_answer_fits() => HoldsAsync("CON-007");

    /// <summary>CON-010</summary>
    [Fact]
    public virtual Task Drafts_change_no_constrained_text_whatever_they_know_of_the_constraint() => HoldsAsync("CON-010");

    /// <summary>CON-011</summary>
    [Fact]
    public virtual Task Constrained_texts_keep_the_law_of_plain_constrained_sampling_under_every_rule() => HoldsAsync("CON-011");

    /// <summary>CON-040</summary>
    [Fact]
    public virtual Task A_text_is_the_same_beside_other_texts_that_share_tables() => HoldsAsync("CON-040");
}
