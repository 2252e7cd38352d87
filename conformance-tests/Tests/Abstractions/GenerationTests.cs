using Tokenwright.Conformance;
using static Tokenwright.Conformance.Texts;
using static Tokenwright.Tests.Seams.Recipes;

namespace Tokenwright.Tests.Abstractions;

public class GenerationTests
{
    private static readonly TableModel Model = TableModel.Random(5, 1, seed: 0, context: 8, ends: [4]);

    [Fact]
    public async Task BadPromptsAreRefusedWithTheReason()
    {
        var empty = () => StartAsync([]);
        var outside = () => StartAsync([0, 5]);
        var negative = () => StartAsync([-1]);
        var full = () => StartAsync([0, 1, 2, 3, 0, 1, 2, 3]);
        var none = () => StartAsync([0], maxTokens: 0);
        var stops = () => Run.StartAsync(Request([0]) with { Stops = ["a"] });

        await empty.Should().ThrowAsync<ArgumentException>().WithMessage("*prompt is empty*");
        await outside.Should().ThrowAsync<ArgumentException>().WithMessage("*token 1 is 5*0 to 4*");
        await negative.Should().ThrowAsync<ArgumentException>();
        await full.Should().ThrowAsync<ArgumentException>().WithMessage("*8 tokens*holds 8*Shorten*");
        await none.Should().ThrowAsync<ArgumentException>();
        await stops.Should().ThrowAsync<ArgumentException>().WithMessage("*tokenizer*");
    }

    [Fact]
    public async Task TheTextEndsOnceAndForAll()
    {
        var generation = await StartAsync([0, 1], maxTokens: 3);

        generation.Emit(1).Should().BeTrue();
        generation.Emit(2).Should().BeTrue();
        generation.Remaining.Should().Be(1);
        generation.Emit(4).Should().BeFalse();
        generation.FinishReason.Should().Be(FinishReason.Stop, "an end token is the reason even where the budget ends too");
        var more = () => generation.Emit(1);
        more.Should().Throw<InvalidOperationException>();
        generation.TakeStep().Tokens.ToArray().Should().Equal(1, 2, 4);
        generation.TakeStep().Tokens.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public async Task ATokenOutsideTheVocabularyIsRefused()
    {
        var generation = await StartAsync([0, 1]);
        var emit = () => generation.Emit(5);
        emit.Should().Throw<InvalidOperationException>().WithMessage("*not in the vocabulary of 5*");
        generation.Tokens.Length.Should().Be(2);
    }

    [Theory]
    [InlineData("does not finish", "*without finishing*")]
    [InlineData("keeps a stranger", "*not a child*")]
    [InlineData("finishes twice", "*finished*")]
    public void AVerifierIsHeldToItsContract(string how, string message)
    {
        var model = TableModel.Random(5, 1, seed: 0);
        var request = Make("agree, tree", Plain(model, [0, 1], 10, new KeyedRandomness(0)), model) with
        {
            Verifier = new Broken(how),
        };

        var run = () => Run.Text(request);

        run.Should().Throw<InvalidOperationException>().WithMessage(message);
    }

    private static Request Request(int[] prompt, int maxTokens = 5) => Plain(Model, prompt, maxTokens, new KeyedRandomness(0));

    private static Task<Generation> StartAsync(int[] prompt, int maxTokens = 5) => Run.StartAsync(Request(prompt, maxTokens));

    private sealed class Broken(string how) : IVerifier
    {
        public ProposalModes Accepts => ProposalModes.Any;

        public void Verify(Verification verification)
        {
            if (verification.Tree.Count == 1 || how == "finishes twice")
            {
                verification.Finish(0);
            }

            if (how == "finishes twice")
            {
                verification.Finish(0);
            }

            if (how == "keeps a stranger" && verification.Tree.Count > 3)
            {
                verification.Keep(3);
            }
        }
    }
}
