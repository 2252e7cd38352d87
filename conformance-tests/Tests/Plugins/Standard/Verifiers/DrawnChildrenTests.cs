using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Standard.Verifiers;

/// <summary>What the clauses of the conformance suite do not say: rules that judge draws refuse what was not drawn.</summary>
public class DrawnChildrenTests
{
    private static readonly int[] Prompt = [1, 0];

    [Fact]
    public void DeterministicChildrenAreRefused()
    {
        IVerifier[] rules = [new Token(), new Block(), new RecursiveRejection()];
        foreach (var rule in rules)
        {
            (rule.Accepts & ProposalModes.Deterministic).Should().Be(ProposalModes.None);

            var lying = () =>
                Run.Text(
                    Plain(TableModel.Uniform(3, 1, false), Prompt, 4, new KeyedRandomness(0)) with
                    {
                        Verifier = rule,
                        Drafter = new Liar(),
                    }
                );
            lying.Should().Throw<InvalidOperationException>().WithMessage("*deterministic*");
        }
    }

    private sealed class Liar : IDrafter
    {
        public ProposalModes Proposes => ProposalModes.Independent;

        public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
        {
            tree.Add(0, 1);
            return default;
        }
    }
}
