using System.ComponentModel.DataAnnotations;
using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Tests.Plugins.Standard;

/// <summary>Every processor against its definition, written naively.</summary>
public class ProcessorTests
{
    private const int Vocabulary = 30;
    private static readonly TableModel Model = TableModel.Random(Vocabulary, 1, seed: 0, ends: [4, 9]);

    public static TheoryData<string> Names() => [.. Definitions.Keys];

    private static readonly Dictionary<string, (ILogitsProcessor Part, Func<float[], int[], int[], float[]> Naive)> Definitions =
        new()
        {
            ["repetition"] = (
                new RepetitionPenalty { Penalty = 1.5 },
                (l, prompt, output) =>
                    Map(
                        l,
                        (t, x) =>
                            prompt.Concat(output).Contains(t)
                                ? x > 0
                                    ? x / 1.5f
                                    : x * 1.5f
                                : x
                    )
            ),
            ["frequency"] = (
                new FrequencyPenalty { Penalty = 0.5 },
                (l, _, output) => Map(l, (t, x) => x - 0.5f * output.Count(o => o == t))
            ),
            ["presence"] = (
                new PresencePenalty { Penalty = -0.75 },
                (l, _, output) => Map(l, (t, x) => output.Contains(t) ? x + 0.75f : x)
            ),
            ["bias"] = (
                new LogitBias { Bias = ["3:-5", "0:100", "29:0.25"] },
                (l, _, _) =>
                    Map(
                        l,
                        (t, x) =>
                            t == 3 ? x - 5
                            : t == 0 ? x + 100
                            : t == 29 ? x + 0.25f
                            : x
                    )
            ),
            ["min-tokens"] = (
                new MinTokens { Count = 3 },
                (l, _, output) =>
                    Map(l, (t, x) => output.Length < 3 && t is 4 or 9 && output.Length < 3 ? float.NegativeInfinity : x)
            ),
            ["temperature"] = (new Temperature { Value = 0.7 }, (l, _, _) => Map(l, (_, x) => x / 0.7f)),
            ["temperature 0"] = (new Temperature(), (l, _, _) => Keep(l, [Order(l)[0]])),
            ["top-k"] = (new TopKCut { Value = 7 }, (l, _, _) => Keep(l, Order(l)[..7])),
            ["top-k beyond"] = (new TopKCut { Value = 700 }, (l, _, _) => l),
            ["top-p"] = (new TopPCut { Value = 0.8 }, (l, _, _) => Keep(l, Reach(l, Order(l), 0.8))),
            ["min-p"] = (
                new MinPCut { Value = 0.1 },
                (l, _, _) => Keep(l, [.. Order(l).Where(t => Math.Exp((double)l[t] - l.Max()) >= 0.1)])
            ),
            ["typical"] = (
                new TypicalCut { Value = 0.6 },
                (l, _, _) =>
                {
                    double[] p = Softmax(l);
                    double entropy = -p.Sum(x => x > 0 ? x * Math.Log(x) : 0);
                    int[] order = [.. Order(l).OrderBy(t => Math.Abs(-Math.Log(p[t]) - entropy))];
                    return Keep(l, Reach(l, order, 0.6));
                }
            ),
        };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AProcessorIsItsDefinitionOnEveryPath(string name)
    {
        var (part, naive) = Definitions[name];
        await part.PrepareAsync(new PartContext { Target = Model }, TestContext.Current.CancellationToken);
        var random = new Random(1);
        var row = new Distribution(Vocabulary);
        int[] text = [.. Enumerable.Range(0, 60).Select(_ => random.Next(12))];
        for (int i = 0; i < 400; i++)
        {
            // The next call is for another length, another branch, sometimes another text or another split of it.
            if (random.Next(10) == 0)
            {
                text[random.Next(60)] = random.Next(12);
            }

            int promptLength = i % 50 < 40 ? 5 : random.Next(1, 9);
            int committed = promptLength + random.Next(30);
            int[] draft = [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(12))];
            var logits = new float[Vocabulary];
            for (int t = 0; t < Vocabulary; t++)
            {
                // Some equal, some out of the support.
                logits[t] =
                    random.Next(12) == 0
                        ? float.NegativeInfinity
                        : (float)Math.Round(random.NextDouble() * 8 - 4, i % 2 == 0 ? 4 : 0);
            }

            logits[0] = 0;
            row.Load(logits);
            part.Apply(new TokenPath(text.AsSpan(0, committed), promptLength, draft), part.Start, row);

            float[] expected = naive(logits, text[..promptLength], [.. text[promptLength..committed], .. draft]);
            if (name == "typical" && i % 2 == 1)
            {
                // Ties between equal surprises at the cut are another test's business.
                continue;
            }

            for (int t = 0; t < Vocabulary; t++)
            {
                Probability(expected, t).Should().BeApproximately(row.Probability(t), 1e-6, $"of call {i}, token {t}");
            }
        }
    }

    [Fact]
    public void DefaultsAreOffButForTemperature()
    {
        ILogitsProcessor[] off =
        [
            new RepetitionPenalty(),
            new FrequencyPenalty(),
            new PresencePenalty(),
            new LogitBias(),
            new MinTokens(),
            new TopKCut(),
            new TopPCut(),
            new MinPCut(),
            new TypicalCut(),
            new Temperature { Value = 1 },
        ];
        off.Should().OnlyContain(p => !p.IsActive);
        new Temperature().IsActive.Should().BeTrue();
        new Temperature().TakesArgMax.Should().BeTrue();
    }

    [Theory]
    [InlineData("abc", "*write token:amount*")]
    [InlineData("1", "*write token:amount*")]
    [InlineData("30:1", "*token 30*0 to 29*")]
    [InlineData("-1:1", "*0 to 29*")]
    [InlineData("1:101", "*between -100 and 100*")]
    [InlineData("1:NaN", "*between -100 and 100*")]
    [InlineData("2:1", "*names token 2 twice*")]
    public void ABadBiasIsRefused(string entry, string message)
    {
        var prepare = () => new LogitBias { Bias = ["2:1", entry] }.PrepareAsync(new PartContext { Target = Model });

        prepare.Should().Throw<InvalidOperationException>().WithMessage(message);
    }

    public static TheoryData<string, IPart, bool> Ranges() =>
        new()
        {
            {
                "temperature",
                new Greedy { Temperature = 0.5 },
                false
            },
            { "temperature", new Greedy(), true },
            {
                "temperature",
                new Temperature { Value = -0.1 },
                false
            },
            {
                "temperature",
                new Temperature { Value = 100 },
                true
            },
            {
                "temperature",
                new Temperature { Value = double.NaN },
                false
            },
            {
                "top-k",
                new TopKCut { Value = -1 },
                false
            },
            {
                "top-p",
                new TopPCut { Value = 0 },
                false
            },
            {
                "top-p",
                new TopPCut { Value = 1 },
                true
            },
            {
                "min-p",
                new MinPCut { Value = 1 },
                false
            },
            {
                "min-p",
                new MinPCut { Value = 0 },
                true
            },
            {
                "typical",
                new TypicalCut { Value = 0 },
                false
            },
            {
                "repetition-penalty",
                new RepetitionPenalty { Penalty = 0 },
                false
            },
            {
                "frequency-penalty",
                new FrequencyPenalty { Penalty = 2.1 },
                false
            },
            {
                "presence-penalty",
                new PresencePenalty { Penalty = -2.1 },
                false
            },
            {
                "min-tokens",
                new MinTokens { Count = -1 },
                false
            },
            {
                "max-nodes",
                new DraftThenVerify { MaxNodes = 1025 },
                false
            },
        };

    [Theory]
    [MemberData(nameof(Ranges))]
    public void ARangeNamesItsOption(string option, IPart part, bool isValid)
    {
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(part, new ValidationContext(part), results, validateAllProperties: true).Should().Be(isValid);

        results.ForEach(r => r.ErrorMessage.Should().StartWith(option));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void ATextThatTheConstraintCompletesEndsBeforeItsLeastLength(double temperature)
    {
        // Two tokens and then nothing but an end: 4 or 9.
        var model = TableModel.Random(Vocabulary, 1, seed: 3, ends: [4, 9]);
        var request = Tokenwright.Conformance.Texts.Plain(
            model,
            [1],
            8,
            new KeyedRandomness(5),
            new Temperature { Value = temperature },
            new MinTokens { Count = 6 }
        ) with
        {
            Constraint = new TwoTokens(),
        };

        var text = Run.Text(request);

        text.Reason.Should().Be(FinishReason.Stop);
        text.Tokens.Should().HaveCount(3);
        text.Tokens.Take(2).Should().OnlyContain(token => token == 7 || token == 8);
    }

    [Fact]
    public void TypicalKeepsTheLowerIdsOfATie()
    {
        // Three equal likely tokens, then a tail; the cut falls among the three.
        var row = new Distribution(6);
        row.Load([2, 0, 2, 0, 2, 0]);

        new TypicalCut { Value = 0.5 }.Apply(new TokenPath([0], 1, []), default, row);

        row.Ids.ToArray().Should().Equal(0, 2);
    }

    [Fact]
    public void AVanishingTemperatureOverflowsNothing()
    {
        var row = new Distribution(3);
        foreach (double temperature in new[] { 1e-300, 1e-31, 1e-29 })
        {
            row.Load([1e4f, 2e4f, -3e4f]);
            new Temperature { Value = temperature }.Apply(new TokenPath([0], 1, []), default, row);
            row.ArgMax().Should().Be(1);
            row.Probability(1).Should().Be(1);
        }
    }

    private static float[] Map(float[] logits, Func<int, float, float> map) => [.. logits.Select((x, t) => map(t, x))];

    private static int[] Order(float[] logits) =>
        [
            .. Enumerable
                .Range(0, logits.Length)
                .Where(t => !float.IsNegativeInfinity(logits[t]))
                .OrderByDescending(t => logits[t])
                .ThenBy(t => t),
        ];

    private static double[] Softmax(float[] logits)
    {
        double max = logits.Max();
        double z = logits.Sum(l => Math.Exp(l - max));
        return [.. logits.Select(l => Math.Exp(l - max) / z)];
    }

    private static double Probability(float[] logits, int token) => Softmax(logits)[token];

    private static int[] Reach(float[] logits, int[] order, double p)
    {
        double[] probabilities = Softmax(logits);
        double reached = 0;
        int count = 0;
        while (count < order.Length && reached < p)
        {
            reached += probabilities[order[count++]];
        }

        return order[..count];
    }

    private static float[] Keep(float[] logits, int[] tokens) =>
        Map(logits, (t, x) => tokens.Contains(t) ? x : float.NegativeInfinity);

    /// <summary>Two tokens, each 7 or 8, and then an end.</summary>
    private sealed class TwoTokens : ITokenConstraint
    {
        public bool IsActive => true;

        public ShapeState Start => default;

        public void Mask(in ShapeState state, Span<ulong> allowed)
        {
            allowed.Clear();
            allowed[0] = state.Bits < 2 ? 1ul << 7 | 1ul << 8 : 1ul << 4 | 1ul << 9;
        }

        public ShapeState Next(in ShapeState state, int token) => new(state.Bits + 1);

        public bool Allows(in ShapeState state, int token) => state.Bits < 2 ? token is 7 or 8 : token is 4 or 9;
    }
}
