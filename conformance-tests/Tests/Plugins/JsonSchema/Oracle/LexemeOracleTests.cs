using System.Text;
using System.Text.Json;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>
/// Masks against a slow recogniser of its own making that reads the schema as it is written: strings, numbers and keys are infinitely many, all
/// their spellings count. Every id of a real vocabulary is compared, the end of the text included.
/// </summary>
public sealed class LexemeOracleTests(ITestOutputHelper output)
{
    private const int Shown = 5;
    private const int Steps = 16;
    private static readonly int[] Gaps = [0, 1, 3, 48];
    private static readonly System.Buffers.SearchValues<byte> Structural = System.Buffers.SearchValues.Create("\"{}[],:"u8);

    private sealed class Tally
    {
        public int Schemas;
        public int Refused;
        public int Prefixes;
        public long Tokens;
        public List<string> Wrong { get; } = [];
    }

    /// <summary>A vocabulary as the engine and as the oracle read it.</summary>
    private sealed class Tables
    {
        public Tables(IVocabulary inner, IReadOnlyList<string> texts, int pieces)
        {
            Vocabulary = new FragmentVocabulary(inner, texts, pieces, new Random(1));
            Engine = new VocabularyTables(Vocabulary);
            Trie = new VocabularyTrie(Vocabulary);
            End = Enumerable.Range(0, Vocabulary.Size).First(Vocabulary.IsSpecial);
            for (var id = 0; id < Vocabulary.Size; id++)
            {
                if (Vocabulary.Bytes(id) is [var only])
                    ByteTokens[only] = id;
            }
            IsStructural =
            [
                .. Enumerable.Range(0, Vocabulary.Size).Select(id => Vocabulary.Bytes(id).IndexOfAny(Structural) >= 0),
            ];
        }

        public FragmentVocabulary Vocabulary { get; }
        public VocabularyTables Engine { get; }
        public VocabularyTrie Trie { get; }
        public int End { get; }
        public bool[] IsStructural { get; }

        /// <summary>The token of each byte.</summary>
        public int[] ByteTokens { get; } = new int[256];
    }

    private static string[] Pieces(int seed) =>
        [
            .. Enumerable
                .Range(0, 12)
                .SelectMany(i => new FiniteUniverse(new Random(seed + i)).Documents)
                .Select(d => d.GetRawText()),
            """{"id":12,"name":"red-12","x-a":[1.5,-0.25,1e5,"\u00e9\ud83d\ude00"],"a":{"ab":"a@b.de"},"x1":0.01,"é":null}""",
            """[{"name": "blue", "x y": true}, {"a": 100.10, "b": [[], {}]}, "\"\\\/\n", -200, 1234.5]""",
        ];

    [Fact]
    public void Masks_of_random_schemas_are_right_over_bytes_and_pieces_of_json() =>
        Random("bytes and pieces of JSON", new Tables(new TinyVocabulary(), Pieces(1), 600), LongTier.IsOn ? 200 : 40, 100);

    [Fact]
    public void Masks_of_random_schemas_are_right_over_a_real_vocabulary()
    {
        var vocabulary = new Tiktoken(SharedData.File("tokenizers", "gpt2.tiktoken"));
        Random("gpt2 and pieces of JSON", new Tables(vocabulary, Pieces(1), 4_000), LongTier.IsOn ? 150 : 20, 5_000);
    }

    [Fact]
    public void Masks_of_schemas_in_use_are_right_over_a_real_vocabulary()
    {
        var file = LongTier.IsOn ? "o200k_base.tiktoken" : "gpt2.tiktoken";
        var vocabulary = new Tiktoken(SharedData.File("tokenizers", file));
        var tables = new Tables(vocabulary, Pieces(1), 2_000);
        var tally = new Tally();
        foreach (var line in SharedData.MaskBench(LongTier.IsOn ? 17 : 151, 3))
        {
            using var row = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 400 });
            var schema = row.RootElement.GetProperty("schema");
            if (!RawSchema.Supports(schema))
                continue;
            var instances = row
                .RootElement.GetProperty("tests")
                .EnumerateArray()
                .Select(t => Encoding.UTF8.GetBytes(PlainJson.Write(t.GetProperty("data"))))
                .Where(bytes => bytes.Length < 4_000);
            Compare(schema.GetRawText(), [.. instances.Take(1)], 48, tables, new Random(tally.Schemas), tally);
        }
        Finish($"schemas in use, {file}", tally);
    }

    private void Random(string name, Tables tables, int schemas, int seed)
    {
        var tally = new Tally();
        var seen = new HashSet<string>();
        for (var i = 0; tally.Schemas < schemas; i++)
        {
            var random = new Random(seed + i);
            var schema = new LexemeSchemas(random).Next();
            if (RawSchema.Supports(JsonElement.Parse(schema)) && seen.Add(schema))
                Compare(schema, [], Gaps[random.Next(Gaps.Length)], tables, random, tally);
        }
        Finish($"random schemas, {name}", tally);
    }

    private void Finish(string name, Tally tally)
    {
        LongTier.Report(
            output,
            "## Masks against a slow recogniser",
            $"- {name}: {tally.Schemas} schemas ({tally.Refused} refused as not enforceable), {tally.Prefixes:N0} prefixes, {tally.Tokens:N0} tokens compared"
        );
        tally.Wrong.Take(Shown).Should().BeEmpty();
        tally.Schemas.Should().BePositive();
        tally.Refused.Should().BeLessThan(1 + tally.Schemas / 10);
    }

    private static void Compare(string text, byte[][] instances, int gap, Tables tables, Random random, Tally tally)
    {
        tally.Schemas++;
        var schema = new RawSchema(JsonElement.Parse(text));
        var recogniser = new Recogniser(schema, gap);
        SchemaConstraint constraint;
        try
        {
            constraint = new SchemaConstraint(
                CompiledSchema.Compile(text, new SchemaOptions { MaxWhitespace = gap }),
                tables.Engine,
                [tables.End]
            );
        }
        catch (SchemaException error)
        {
            if (!error.Message.Contains("no document satisfies", StringComparison.Ordinal))
                tally.Refused++;
            else if (recogniser.Start is not null)
                tally.Wrong.Add($"refused as unsatisfiable: {text}");
            return;
        }
        var walk = new Walk(constraint, recogniser, tables, random, tally, $"{text} (gap {gap})");
        for (var i = instances.Length; i < 2; i++)
        {
            if (!walk.AtRandom(Steps))
                return;
        }
        foreach (var instance in instances)
        {
            if (!walk.Along(instance, 3))
                return;
        }
    }

    /// <summary>Goes ahead in the engine and in the oracle side by side.</summary>
    private sealed class Walk(
        SchemaConstraint constraint,
        Recogniser recogniser,
        Tables tables,
        Random random,
        Tally tally,
        string schema
    )
    {
        private readonly HashSet<string> _seen = [];
        private readonly ulong[] _mask = new ulong[constraint.Words];

        public bool AtRandom(int steps)
        {
            var state = constraint.Start;
            var reading = recogniser.Start;
            var prefix = new List<byte>();
            for (var step = 0; step < steps; step++)
            {
                var expected = Expected(reading);
                if (!IsSame(state, expected, prefix))
                    return false;
                var allowed = Enumerable
                    .Range(0, tables.Vocabulary.Size)
                    .Where(id => id != tables.End && TokenMask.Contains(expected, id))
                    .ToArray();
                if (allowed.Length == 0)
                    return true;
                // A text that is never closed shows nothing of what stands around it, and one of long tokens nothing of places that are
                // nearly alike.
                var some = random.Next(4) switch
                {
                    0 => allowed,
                    1 => Array.FindAll(allowed, id => tables.Vocabulary.Bytes(id).Length == 1),
                    _ => Array.FindAll(allowed, id => tables.IsStructural[id]),
                };
                if (some.Length == 0)
                    some = allowed;
                var token = some[random.Next(some.Length)];
                if (!constraint.TryNext(state, token, out state))
                    return Fail($"token {token} is in the mask and not taken", prefix);
                foreach (var value in tables.Vocabulary.Bytes(token))
                    reading = recogniser.Step(reading!, value);
                prefix.AddRange(tables.Vocabulary.Bytes(token));
            }
            return true;
        }

        /// <summary>Follows a text and compares at some places, where it is left and where it ends.</summary>
        public bool Along(byte[] text, int places)
        {
            var state = constraint.Start;
            var reading = recogniser.Start;
            var prefix = new List<byte>();
            foreach (var value in text)
            {
                if (random.NextDouble() * text.Length < places && !IsSame(state, Expected(reading), prefix))
                    return false;
                var next = recogniser.Step(reading!, value);
                var token = tables.ByteTokens[value];
                if (constraint.TryNext(state, token, out state) != (next is not null))
                    return Fail($"byte {value} is {(next is null ? "wrongly allowed" : "wrongly refused")}", prefix);
                if (next is null)
                    break;
                reading = next;
                prefix.Add(value);
            }
            return IsSame(state, Expected(reading), prefix);
        }

        private ulong[] Expected(Recogniser.State? reading)
        {
            if (reading is null)
                return new ulong[constraint.Words];
            var expected = tables.Trie.Readable(reading, recogniser.Step);
            if (reading.IsEnd)
                expected[tables.End >> 6] |= 1ul << tables.End;
            return expected;
        }

        private bool IsSame(in SchemaState state, ulong[] expected, List<byte> prefix)
        {
            if (!_seen.Add(Encoding.Latin1.GetString([.. prefix])))
                return true;
            tally.Prefixes++;
            tally.Tokens += tables.Vocabulary.Size;
            constraint.FillMask(state, _mask);
            return FiniteOracleTests.Difference(_mask, expected, tables.Vocabulary) is not { } difference
                || Fail(difference, prefix);
        }

        private bool Fail(string what, List<byte> prefix)
        {
            tally.Wrong.Add($"after {Encoding.UTF8.GetString([.. prefix])} {what} of {schema}");
            return false;
        }
    }
}
