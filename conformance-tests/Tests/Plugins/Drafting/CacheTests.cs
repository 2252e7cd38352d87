using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Models.Runtime;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>After every step the KV cache is the one that a fresh prompt gives, to 1e-4 of a row's greatest logit. The long tier makes 100 runs.</summary>
[Collection("Reference models")]
public sealed class CacheTests(ReferenceModels models, ITestOutputHelper output)
{
    private const float Close = 1e-4f;

    private const string Heading = """
        ## The cache after every step is that of a fresh prompt

        | runs | steps | greatest difference ÷ greatest logit of the row |
        |---|---|---|
        """;

    [Fact]
    public async Task After_every_step_the_cache_is_that_of_a_fresh_prompt()
    {
        var random = new Random(11);
        int[][] prompts = Prompts.Golden();
        int runs = LongTier.IsOn ? 100 : 4;
        float worst = 0;
        int steps = 0;
        for (int run = 0; run < runs; run++)
        {
            string drafter = run < 2 ? "combined all" : Drafters.Names[random.Next(Drafters.Names.Length)];
            int[] prompt = prompts[random.Next(prompts.Length)];
            var capture = new Capture(models.Target.Model);
            var plain = Plain(
                capture,
                prompt,
                40,
                new KeyedRandomness((ulong)run),
                new Temperature { Value = random.Next(3) * 0.5 }
            );
            var generation = await Run.StartAsync(plain.With(drafter, nodes: random.Next(2) == 0 ? null : random.Next(1, 40)));
            await foreach (var _ in new DraftThenVerify().RunAsync(generation, TestContext.Current.CancellationToken))
            {
                if (generation.IsFinished)
                {
                    break;
                }

                float difference = await Difference(capture.Sequence!, generation.Tokens.ToArray());
                difference.Should().BeLessThan(Close, "run {0}, {1}, after {2} tokens", run, drafter, generation.Tokens.Length);
                worst = Math.Max(worst, difference);
                steps++;
            }
        }

        LongTier.Report(output, Heading, $"| {runs} | {steps} | {worst:0.0e+0} |");
    }

    // The row after the last token, computed on the kept cache and on a fresh one.
    private async Task<float> Difference(ISequence sequence, int[] committed)
    {
        using var fork = sequence.Fork(committed.Length - 1);
        fork.Tokens.ToArray().Should().Equal(committed[..^1]);
        float[] kept = await LastRow(fork, committed[^1..]);
        using var fresh = models.Target.Model.CreateSequence();
        float[] expected = await LastRow(fresh, committed);
        return kept.Zip(expected).Max(pair => MathF.Abs(pair.First - pair.Second)) / expected.Max(MathF.Abs);
    }

    private async Task<float[]> LastRow(ISequence sequence, int[] tokens)
    {
        await models.Target.Model.ForwardAsync(
            new[]
            {
                new ForwardItem
                {
                    Sequence = sequence,
                    Tokens = tokens,
                    Wanted = new Wanted(Logits: RowSelection.Last),
                },
            }
        );
        return sequence.Rows.Logits(tokens.Length - 1).ToArray();
    }

    private sealed class Capture(ICausalModel inner) : ICausalModel
    {
        public ISequence? Sequence { get; private set; }

        public ModelInfo Info => inner.Info;

        public Capabilities Capabilities => inner.Capabilities;

        public string Explain(Capabilities missing) => inner.Explain(missing);

        public ISequence CreateSequence() => Sequence = inner.CreateSequence();

        public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default) =>
            inner.ForwardAsync(items, cancellation);

        public void Dispose() { }
    }
}
