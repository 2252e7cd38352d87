using System.Globalization;
using System.Text.Json;
using Tokenwright.Conformance;
using Tokenwright.Plugins.Standard;
using Tokenwright.Tests.Models.Runtime;
using static Tokenwright.Tests.Seams.Texts;

namespace Tokenwright.Tests.Plugins.Drafting;

/// <summary>Tokens per pass on the reference target, against an independent implementation's. Long: set TOKENWRIGHT_FULL=1 to run it.</summary>
[Collection("Reference models")]
public sealed class UsefulnessTests(ReferenceModels models, ITestOutputHelper output)
{
    private static readonly string[] Sets = ["ask", "story", "prose", "code", "json", "repeat"];

    // Same settings, PyTorch float32, first 12 prompts of each set, at most 96 new tokens, one warm store over a set.
    public static TheoryData<string, int, double[]?> Cases =>
        new()
        {
            { "prompt-lookup hf", 10, [1.71, 1.80, 2.76, 2.50, 1.37, 2.06] },
            { "token-recycling decode", 80, [2.76, 2.90, 3.97, 3.38, 2.78, 3.38] },
            { "token-recycling", 80, [2.82, 2.98, 4.17, 3.70, 2.98, 3.73] },
            { "token-recycling", 16, null },
            { "prompt-lookup", 10, null },
            { "suffix", 80, null },
            { "suffix", 16, null },
            { "aded", 64, null },
            { "aded", 16, null },
            { "aded mcts", 64, null },
            { "combined", 80, null },
            { "combined", 16, null },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Tokens_per_pass_reach_the_independent_figures(string name, int nodes, double[]? expected)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("TOKENWRIGHT_FULL") == "1", "Long; set TOKENWRIGHT_FULL=1.");
        string file = Repository.Shared("data", "prompts", "reference.jsonl");
        var row = new List<string>();
        for (int s = 0; s < Sets.Length; s++)
        {
            var stores = new SharedStores();
            int tokens = 0;
            int steps = 0;
            long drafted = 0;
            double draft = 0;
            foreach (int[] prompt in Prompts(file, Sets[s]).Take(12))
            {
                var text = await Run.TextAsync(
                    Plain(models.Target.Model, prompt, 96, new KeyedRandomness(0), new Temperature()).With(name, stores, nodes),
                    TestContext.Current.CancellationToken
                );
                tokens += text.Tokens.Count;
                steps += text.Statistics.Steps;
                drafted += text.Statistics.Drafted;
                draft += text.Statistics.Draft.TotalMilliseconds;
            }

            double perPass = (double)tokens / steps;
            row.Add(string.Create(CultureInfo.InvariantCulture, $"{perPass:0.00} ({1 + (double)drafted / steps:0})"));
            if (expected is not null)
            {
                perPass.Should().BeGreaterThan(0.97 * expected[s], "{0} on {1}", name, Sets[s]);
            }
        }

        string line = $"| {name} {nodes} | {string.Join(" | ", row)} |";
        output.WriteLine(line);
        TestContext.Current.SendDiagnosticMessage(line);
        if (Environment.GetEnvironmentVariable("TOKENWRIGHT_TABLE") is { } table)
        {
            await File.AppendAllTextAsync(table, line + "\n", TestContext.Current.CancellationToken);
        }
    }

    private static IEnumerable<int[]> Prompts(string file, string set)
    {
        foreach (string line in File.ReadLines(file))
        {
            using var prompt = JsonDocument.Parse(line);
            if (prompt.RootElement.GetProperty("set").GetString() == set)
            {
                yield return [.. prompt.RootElement.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
            }
        }
    }
}
