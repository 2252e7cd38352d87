using System.Text;
using System.Text.Json;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>
/// Masks of random schemas against an oracle that knows every document in every spelling: a universe of documents is finite, the schemas are
/// kept inside it, and a validator that shares nothing with the engine says which of them are valid. Every id of the vocabulary is
/// compared, the end of the text included.
/// </summary>
public sealed class FiniteOracleTests(ITestOutputHelper output)
{
    private const int Universes = 12;
    private const int Walks = 3;
    private const int Steps = 24;
    private const int RepeatingWalks = 6;
    private const int Shown = 5;

    [Fact]
    public void Masks_are_right_over_bytes_and_pieces_of_json() =>
        Compare("bytes and pieces of JSON", new TinyVocabulary(), 400, LongTier.IsOn ? 300 : 60, 100);

    [Fact]
    public void Masks_are_right_over_a_real_vocabulary_with_pieces_of_json() =>
        Compare(
            "gpt2 and pieces of JSON",
            new Tiktoken(SharedData.File("tokenizers", "gpt2.tiktoken")),
            6_000,
            LongTier.IsOn ? 300 : 40,
            200
        );

    [Fact]
    public void Masks_are_right_where_items_must_differ() =>
        Compare(
            "items that differ",
            new TinyVocabulary(),
            400,
            LongTier.IsOn ? 1_500 : 200,
            400,
            generator => generator.NextDiffering()
        );

    [Fact]
    public void Masks_are_right_over_a_large_vocabulary()
    {
        LongTier.Only();
        Compare("o200k", new Tiktoken(SharedData.File("tokenizers", "o200k_base.tiktoken")), 0, 100, 300);
    }

    private sealed class Tally
    {
        public int Schemas;
        public int Refused;
        public int Unsatisfiable;
        public int Prefixes;
        public long Tokens;
        public List<string> Wrong { get; } = [];
    }

    private void Compare(
        string name,
        IVocabulary inner,
        int pieces,
        int schemas,
        int seed,
        Func<SchemaGenerator, string>? generate = null
    )
    {
        var universes = Enumerable.Range(0, Universes).Select(i => new FiniteUniverse(new Random(seed + i))).ToArray();
        var texts = universes.SelectMany(u => u.Documents).Select(d => d.GetRawText()).ToArray();
        var vocabulary = new FragmentVocabulary(inner, texts, pieces, new Random(seed));
        var tables = new VocabularyTables(vocabulary);
        var tokens = new VocabularyTrie(vocabulary);
        var end = Enumerable.Range(0, vocabulary.Size).First(vocabulary.IsSpecial);
        var tally = new Tally();
        var seen = new HashSet<string>();
        for (var i = 0; seen.Count < schemas; i++)
        {
            var random = new Random(seed + 1_000 + i);
            var universe = universes[i % Universes];
            var generator = new SchemaGenerator(universe, random);
            var schema = generate is null ? generator.Next() : generate(generator);
            if (seen.Add(schema))
                Compare(
                    schema,
                    universe,
                    random.Next(3) == 0 ? random.Next(1, 4) : 0,
                    vocabulary,
                    tables,
                    tokens,
                    end,
                    random,
                    tally
                );
        }
        LongTier.Report(
            output,
            "## Masks against a list of all documents",
            $"- {name}: {tally.Schemas} schemas ({tally.Refused} refused as not enforceable, {tally.Unsatisfiable} that nothing satisfies), "
                + $"{tally.Prefixes:N0} prefixes, {tally.Tokens:N0} tokens compared"
        );
        tally.Wrong.Take(Shown).Should().BeEmpty();
        tally.Prefixes.Should().BeGreaterThan(schemas * 4);
        tally.Refused.Should().BeLessThan(schemas / 5);
    }

    private static void Compare(
        string schema,
        FiniteUniverse universe,
        int gap,
        FragmentVocabulary vocabulary,
        VocabularyTables tables,
        VocabularyTrie tokens,
        int end,
        Random random,
        Tally tally
    )
    {
        tally.Schemas++;
        using var parsed = JsonDocument.Parse(schema);
        var valid = universe.Documents.Where(d => ReferenceValidator.IsValid(parsed.RootElement, d)).ToArray();
        SchemaConstraint constraint;
        try
        {
            constraint = new SchemaConstraint(
                CompiledSchema.Compile(schema, new SchemaOptions { MaxWhitespace = gap }),
                tables,
                [end]
            );
        }
        catch (SchemaException error)
        {
            if (!error.Message.Contains("no document satisfies", StringComparison.Ordinal))
                tally.Refused++;
            else if (valid.Length > 0)
                tally.Wrong.Add($"{valid[0]} is valid, but refused as unsatisfiable: {schema}");
            else
                tally.Unsatisfiable++;
            return;
        }
        tally.Unsatisfiable += valid.Length == 0 ? 1 : 0;
        var documents = new DocumentTrie(valid, gap);
        var prefixes = new HashSet<string>();
        var mask = new ulong[constraint.Words];
        var single = Enumerable
            .Range(0, vocabulary.Size)
            .Where(id => vocabulary.Bytes(id).Length == 1 && !vocabulary.IsSpecial(id))
            .ToLookup(id => vocabulary.Bytes(id)[0]);
        byte[]?[] texts = [.. Enumerable.Repeat<byte[]?>(null, Walks), .. Repeating(valid, random)];
        foreach (var text in texts)
        {
            var state = constraint.Start;
            var place = documents.Start;
            var prefix = new List<byte>();
            for (var step = 0; step < (text?.Length ?? Steps); step++)
            {
                var expected = tokens.Readable(place, DocumentTrie.Step);
                if (place.IsEnd)
                    expected[end >> 6] |= 1ul << end;
                if (prefixes.Add(Encoding.Latin1.GetString([.. prefix])))
                {
                    tally.Prefixes++;
                    tally.Tokens += vocabulary.Size;
                    constraint.FillMask(state, mask);
                    if (Difference(mask, expected, vocabulary) is { } difference)
                    {
                        tally.Wrong.Add($"after {Encoding.UTF8.GetString([.. prefix])} {difference} of {schema} (gap {gap})");
                        return;
                    }
                }
                var allowed = Enumerable
                    .Range(0, vocabulary.Size)
                    .Where(id => id != end && TokenMask.Contains(expected, id))
                    .ToArray();
                if (text is not null)
                    allowed = [.. single[text[step]].Intersect(allowed)];
                if (allowed.Length == 0)
                    break;
                var token = allowed[random.Next(allowed.Length)];
                foreach (var value in vocabulary.Bytes(token))
                    place = DocumentTrie.Step(place, value)!;
                prefix.AddRange(vocabulary.Bytes(token));
                if (!constraint.TryNext(state, token, out state))
                {
                    tally.Wrong.Add($"token {Show(vocabulary, token)} is in the mask and not taken: {schema}");
                    return;
                }
            }
        }
    }

    /// <summary>Arrays that are about to say an item again: how far that is possible is told by the documents.</summary>
    private static IEnumerable<byte[]> Repeating(JsonElement[] valid, Random random)
    {
        var arrays = valid.Where(d => d.ValueKind == JsonValueKind.Array && d.GetArrayLength() > 0).ToArray();
        for (var i = 0; i < RepeatingWalks && arrays.Length > 0; i++)
        {
            var array = arrays[random.Next(arrays.Length)];
            string[] items = [.. array.EnumerateArray().Select(item => item.GetRawText())];
            var begun = items[..random.Next(1, items.Length + 1)];
            yield return Encoding.UTF8.GetBytes($"[{string.Join(',', begun)},{begun[random.Next(begun.Length)]},");
        }
    }

    /// <summary>The tokens of which a mask and the expected one disagree, in words; null for none.</summary>
    internal static string? Difference(ulong[] mask, ulong[] expected, IVocabulary vocabulary)
    {
        if (mask.AsSpan().SequenceEqual(expected))
            return null;
        var wrong = Enumerable
            .Range(0, vocabulary.Size)
            .Where(id => TokenMask.Contains(mask, id) != TokenMask.Contains(expected, id))
            .ToArray();
        var allowed = wrong.Where(id => TokenMask.Contains(mask, id)).Take(Shown).Select(id => Show(vocabulary, id));
        var left = wrong.Where(id => TokenMask.Contains(expected, id)).Take(Shown).Select(id => Show(vocabulary, id));
        return $"{wrong.Length} tokens differ; wrongly allowed: {string.Join(' ', allowed)}; wrongly left out: {string.Join(' ', left)};";
    }

    private static string Show(IVocabulary vocabulary, int id) =>
        vocabulary.IsSpecial(id) ? "<end>" : $"«{Encoding.UTF8.GetString(vocabulary.Bytes(id))}»";
}
