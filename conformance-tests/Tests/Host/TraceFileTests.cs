using System.Text.Json;
using Tokenwright.Conformance;
using Tokenwright.Host;
using Tokenwright.Plugins.DraftModel;
using Tokenwright.Plugins.Standard;

namespace Tokenwright.Tests.Host;

public sealed class TraceFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trace").FullName;

    [Fact]
    public void Every_step_is_a_line_with_its_tree_and_what_became_of_it()
    {
        string file = Path.Combine(_folder, "trace.jsonl");
        Text text;
        using (var trace = new TraceFile(file))
        {
            text = Run.Text(
                new Request
                {
                    Model = TableModel.Random(12, 2, seed: 1),
                    Loop = new DraftThenVerify(),
                    Verifier = new Agree(),
                    Randomness = new KeyedRandomness(0),
                    Prompt = new[] { 3, 1, 4 },
                    MaxTokens = 30,
                    Drafter = new DraftModelDrafter { Nodes = 3 },
                    Models = new OneModel(TableModel.Random(12, 1, seed: 2)),
                    Trace = trace,
                }
            );
            File.Exists(file).Should().BeFalse();
        }

        var steps = File.ReadLines(file).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        steps.Select(step => step.GetProperty("step").GetInt32()).Should().Equal(Enumerable.Range(0, text.Steps.Count));
        steps.SelectMany(step => Ints(step, "emitted")).Should().Equal(text.Tokens);
        steps.Sum(step => Ints(step, "tokens").Length - 1).Should().Be((int)text.Statistics.Drafted);
        steps.Sum(step => Ints(step, "kept").Length - 1).Should().Be((int)text.Statistics.Accepted);
        int position = 3;
        foreach (var step in steps)
        {
            int[] tokens = Ints(step, "tokens");
            step.GetProperty("position").GetInt32().Should().Be(position);
            Ints(step, "parents").Should().Equal(Enumerable.Range(-1, tokens.Length));
            step.GetProperty("scores").GetArrayLength().Should().Be(tokens.Length);
            Ints(step, "kept")
                .Skip(1)
                .Select(node => tokens[node])
                .Should()
                .Equal(Ints(step, "emitted").Take(Ints(step, "kept").Length - 1));
            step.GetProperty("ms")
                .EnumerateObject()
                .Select(time => time.Name)
                .Should()
                .Equal("draft", "model", "shape", "verify");
            step.GetProperty("ms").EnumerateObject().Should().OnlyContain(time => time.Value.GetDouble() >= 0);
            position += Ints(step, "emitted").Length;
        }
    }

    [Fact]
    public void Without_a_step_an_earlier_file_stays()
    {
        string file = Path.Combine(_folder, "trace.jsonl");
        File.WriteAllText(file, "before");

        new TraceFile(file).Dispose();

        File.ReadAllText(file).Should().Be("before");
        Directory.GetFiles(_folder).Should().Equal(file);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static int[] Ints(JsonElement step, string name) =>
        [.. step.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];
}
