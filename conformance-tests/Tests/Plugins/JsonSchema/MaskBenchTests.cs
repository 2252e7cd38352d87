using System.Text;
using System.Text.Json;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

public sealed class MaskBenchTests
{
    [Fact]
    public void A_sample_of_real_schemas_is_judged_rightly_over_a_real_vocabulary()
    {
        var vocabulary = new Tiktoken(SharedData.File("tokenizers", "gpt2.tiktoken"));
        var report = SchemaBench.Run(
            SharedData.MaskBench(75, 11),
            new VocabularyTables(vocabulary),
            vocabulary.Encode,
            [vocabulary.EndToken]
        );
        report.Failures.Where(f => f.Kind != "refused").Should().BeEmpty();
        ((double)report.PassedReal / report.Real).Should().BeGreaterThan(0.95);
    }

    [Fact]
    public void Masks_equal_the_byte_machine_over_the_whole_vocabulary() => CompareEvery(150, 40);

    /// <summary>The same over ten times as many schemas: minutes, so on demand as the benchmark below.</summary>
    [Fact(Explicit = true)]
    public void Masks_of_500_schemas_equal_the_byte_machine_over_the_whole_vocabulary() => CompareEvery(15, 4);

    private static void CompareEvery(int every, int offset)
    {
        var vocabulary = new Tiktoken(SharedData.File("tokenizers", "gpt2.tiktoken"));
        var tables = new VocabularyTables(vocabulary);
        var random = new Random(5);
        foreach (var line in SharedData.MaskBench(every, offset))
            Compare(line, vocabulary, tables, random);
    }

    /// <summary>
    /// The whole protocol. Run it with <c>Tokenwright.Tests -explicit only -method "*Whole_benchmark"</c>; MASKBENCH_EVERY and MASKBENCH_OFFSET
    /// choose a part, MASKBENCH_OUT names a file for the report.
    /// </summary>
    [Fact(Explicit = true)]
    public void Whole_benchmark()
    {
        int Setting(string name, int otherwise) =>
            int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : otherwise;
        var vocabulary = new Tiktoken(SharedData.File("tokenizers", "o200k_base.tiktoken"));
        var lines = SharedData.MaskBench(Setting("MASKBENCH_EVERY", 1), Setting("MASKBENCH_OFFSET", 0));
        var report = SchemaBench.Run(lines, new VocabularyTables(vocabulary), vocabulary.Encode, [vocabulary.EndToken]);
        var text = JsonSerializer.Serialize(report, JsonSerializerOptions.Web);
        if (Environment.GetEnvironmentVariable("MASKBENCH_OUT") is { Length: > 0 } file)
            File.WriteAllText(file, text);
        TestContext.Current.SendDiagnosticMessage(
            JsonSerializer.Serialize(report with { Failures = [] }, JsonSerializerOptions.Web)
        );
        report.InvalidAccepted.Should().Be(0);
        report.ValidRefused.Should().BeLessThanOrEqualTo(10);
    }

    private static void Compare(string line, Tiktoken vocabulary, VocabularyTables tables, Random random)
    {
        using var row = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 400 });
        CompiledSchema schema;
        try
        {
            schema = CompiledSchema.Compile(row.RootElement.GetProperty("schema").GetRawText());
        }
        catch (SchemaException)
        {
            return;
        }
        var constraint = new SchemaConstraint(schema, tables, [vocabulary.EndToken]);
        var mask = new ulong[constraint.Words];
        foreach (var test in row.RootElement.GetProperty("tests").EnumerateArray().Take(1))
        {
            var tokens = vocabulary.Encode(PlainJson.Write(test.GetProperty("data")));
            var state = constraint.Start;
            foreach (var token in tokens)
            {
                if (random.NextDouble() < 2.0 / tokens.Count)
                {
                    constraint.FillMask(state, mask);
                    GoAheadAndBack(constraint, state, mask, vocabulary, random);
                    for (var id = 0; id < vocabulary.Size; id++)
                    {
                        var allowed =
                            id == vocabulary.EndToken ? SchemaConstraint.CanEnd(state) : constraint.TryNext(state, id, out _);
                        ((mask[id >> 6] >> id & 1) != 0)
                            .Should()
                            .Be(
                                allowed,
                                "token '{0}' of {1}",
                                Encoding.UTF8.GetString(vocabulary.Bytes(id)),
                                row.RootElement.GetProperty("id")
                            );
                    }
                }
                if (!constraint.TryNext(state, token, out state))
                    break;
            }
        }
    }

    /// <summary>Takes a few allowed tokens at random; the state they were taken from must allow what it did.</summary>
    private static void GoAheadAndBack(
        SchemaConstraint constraint,
        SchemaState from,
        ulong[] expected,
        Tiktoken vocabulary,
        Random random
    )
    {
        var mask = (ulong[])expected.Clone();
        var state = from;
        for (var step = 0; step < 5; step++)
        {
            var allowed = Enumerable.Range(0, vocabulary.Size).Where(id => (mask[id >> 6] >> id & 1) != 0).ToArray();
            if (allowed.Length == 0)
                break;
            var token = allowed[random.Next(allowed.Length)];
            if (token == vocabulary.EndToken)
                break;
            constraint.TryNext(state, token, out state).Should().BeTrue();
            constraint.FillMask(state, mask);
        }
        constraint.FillMask(from, mask);
        mask.Should().Equal(expected);
    }
}
