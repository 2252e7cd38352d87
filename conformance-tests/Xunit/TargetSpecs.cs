using Xunit;

namespace Tokenwright.Conformance.Specs;

/// <summary>What holds for target decorators.</summary>
public abstract class TargetSpecs : SpecBase
{
    /// <summary>TGT-001</summary>
    [Fact]
    public virtual Task Rows_follow_from_the_tokens_alone_however_they_are_fed() => HoldsAsync("TGT-001");

    /// <summary>TGT-002</summary>
    [Fact]
    public virtual Task Every_capability_that_is_offered_is_there() => HoldsAsync("TGT-002");

    /// <summary>TGT-003</summary>
    [Fact]
    public virtual Task Disposing_gives_back_what_it_opened_and_leaves_the_model_it_decorates_alone() => HoldsAsync("TGT-003");

    /// <summary>TGT-010</summary>
    [Fact]
    public virtual Task Drafts_change_no_text_that_is_decoded_from_it() => HoldsAsync("TGT-010");

    /// <summary>TGT-020</summary>
    [Fact]
    public virtual Task Drafts_keep_the_law_of_sampling_from_it() => HoldsAsync("TGT-020");
}
