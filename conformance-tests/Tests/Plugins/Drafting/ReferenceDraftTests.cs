using System.Text.Json;
using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Models.Runtime;
using static Tokenwright.Tests.Seams.Texts;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>On real weights a draft changes nothing but at near-ties, and leaves the cache of a fresh prompt.</summary>
[Collection("Reference models")]
public sealed class ReferenceDraftTests(ReferenceModels models, ITestOutputHelper output)
{
    private const float NearTie = 1e-3f;
    private const float Close = 1e-4f;

    public static MatrixTheoryData<string, double> Cases() =>
        new(["prompt-lookup", "token-recycling", "suffix", "aded", "combined all"], [0, 0.8]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_text_is_that_of_plain_decoding(string drafter, double temperature)
    {
        var stores = new SharedStores();
        foreach (int[] prompt in Prompts().Take(3))
        {
            Request Plainly() =>
                Plain(models.Target.Model, prompt, 64, new KeyedRandomness(7), new Temperature { Value = temperature });
            var plain = await Run.TextAsync(Plainly(), TestContext.Current.CancellationToken);
            var drafted = await Run.TextAsync(Plainly().With(drafter, stores), TestContext.Current.CancellationToken);

            int same = plain.Tokens.ToArray().AsSpan().CommonPrefixLength(drafted.Tokens.ToArray());
            if (same < plain.Tokens.Count)
            {
                output.WriteLine($"Texts part at token {same}.");
                (await IsNearTie([.. prompt, .. plain.Tokens.Take(same)], temperature)).Should().BeTrue("token {0}", same);
            }
        }
    }

    [Theory]
    [InlineData("token-recycling")]
    [InlineData("combined all")]
    public async Task After_every_step_the_cache_is_that_of_a_fresh_prompt(string drafter)
    {
        int[] prompt = Prompts().First();
        var capture = new Capture(models.Target.Model);
        var generation = await Run.StartAsync(Plain(capture, prompt, 40, new KeyedRandomness(3)).With(drafter));
        await foreach (var _ in new DraftThenVerify().RunAsync(generation, TestContext.Current.CancellationToken))
        {
            if (generation.IsFinished)
            {
                break;
            }

            int[] committed = generation.Tokens.ToArray();
            using var fork = capture.Sequence!.Fork(committed.Length - 1);
            fork.Tokens.ToArray().Should().Equal(committed[..^1]);
            float[] kept = await LastRow(fork, committed[^1..]);
            using var fresh = models.Target.Model.CreateSequence();
            float[] expected = await LastRow(fresh, committed);
            float most = expected.Max(MathF.Abs);
            kept.Zip(expected).Max(pair => MathF.Abs(pair.First - pair.Second)).Should().BeLessThan(Close * most);
        }
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

    // Whether the pick changes when its logit falls a little.
    private async Task<bool> IsNearTie(int[] tokens, double temperature)
    {
        using var sequence = models.Target.Model.CreateSequence();
        float[] row = await LastRow(sequence, tokens);
        int Pick() =>
            temperature == 0
                ? TopK.ArgMax(row)
                : new KeyedRandomness(7).Pick(DrawKey.At(0, tokens.Length), [.. row.Select(l => l / (float)temperature)]);
        int pick = Pick();
        row[pick] -= 2 * NearTie;
        return Pick() != pick;
    }

    private static IEnumerable<int[]> Prompts()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Repository.Golden("reference", "target", "golden.json")));
        return
        [
            .. golden
                .RootElement.GetProperty("rows")
                .EnumerateArray()
                .Select(row => row.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray()),
        ];
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
