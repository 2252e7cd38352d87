using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Tests.Seams;

/// <summary>The throw-away parts of these tests, by short names.</summary>
internal static class Recipes
{
    /// <summary>A request with other parts, by name.</summary>
    public static Request Make(string parts, Request plain, ICausalModel draft)
    {
        plain = plain with { Models = new OneModel(draft) };
        return parts switch
        {
            "agree, nothing" => plain,
            "agree, tree" => plain with { Drafter = new TreeDrafter(width: 2, depth: 3) },
            "agree, hidden" => plain with { Drafter = new HiddenStateDrafter(heads: 2) },
            "agree, without replacement" => plain with { Drafter = new SampledDrafter(ProposalModes.WithoutReplacement, 2, 1) },
            "agree, chain" => plain with { Drafter = new SampledDrafter(ProposalModes.Independent, 1, 2) },
            "agree, same noise" => plain with { Drafter = new SampledDrafter(ProposalModes.Deterministic, 1, 2) },
            "token, chain" => plain with
            {
                Drafter = new SampledDrafter(ProposalModes.Independent, 1, 2),
                Verifier = new Token(),
            },
            "block, chain" => plain with
            {
                Drafter = new SampledDrafter(ProposalModes.Independent, 1, 2),
                Verifier = new Block(),
            },
            "rejection, chain" => plain with
            {
                Drafter = new SampledDrafter(ProposalModes.WithoutReplacement, 1, 2),
                Verifier = new RecursiveRejection(),
            },
            "rejection, without replacement" => plain with
            {
                Drafter = new SampledDrafter(ProposalModes.WithoutReplacement, 2, 2),
                Verifier = new RecursiveRejection(),
            },
            "rejection, independent" => plain with
            {
                Drafter = new SampledDrafter(ProposalModes.Independent, 2, 1),
                Verifier = new RecursiveRejection(),
            },
            "overlapped" => plain with { Loop = new OverlappedLoop(window: 2) },
            _ => throw new ArgumentException(parts),
        };
    }
}
