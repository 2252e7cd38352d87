using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>
/// States are values: whatever was tried in between, going back to an earlier one finds the same mask and the same tokens, and both are those of
/// a constraint that has seen nothing else.
/// </summary>
public sealed class RollbackTests(ITestOutputHelper output)
{
    private const int Rounds = 12;
    private const int Ahead = 8;
    private const int Tried = 40;

    private sealed record Snapshot(int[] Path, SchemaState State, ulong[] Mask, int[] Tokens, bool[] Taken);

    [Fact]
    public void Going_back_finds_what_was_there()
    {
        var universes = Enumerable.Range(0, 8).Select(i => new FiniteUniverse(new Random(900 + i))).ToArray();
        var texts = universes.SelectMany(u => u.Documents).Select(d => d.GetRawText()).ToArray();
        var vocabulary = new FragmentVocabulary(new TinyVocabulary(), texts, 500, new Random(9));
        var tables = new VocabularyTables(vocabulary);
        int schemas = 0,
            returns = 0;
        for (var i = 0; schemas < (LongTier.IsOn ? 400 : 60); i++)
        {
            var random = new Random(9_000 + i);
            var schema =
                i % 2 == 0
                    ? new SchemaGenerator(universes[i / 2 % universes.Length], random).Next()
                    : new LexemeSchemas(random).Next();
            try
            {
                returns += GoAheadAndBack(schema, vocabulary, tables, random);
                schemas++;
            }
            catch (SchemaException)
            {
                // Not enforceable, or nothing satisfies it: no way in.
            }
        }
        LongTier.Report(output, "## Going back in a schema", $"- {schemas} schemas, {returns:N0} returns to an earlier state");
        returns.Should().BeGreaterThan(schemas * 4);
    }

    private static int GoAheadAndBack(string schema, FragmentVocabulary vocabulary, VocabularyTables tables, Random random)
    {
        var end = Enumerable.Range(0, vocabulary.Size).First(vocabulary.IsSpecial);
        var options = new SchemaOptions { MaxWhitespace = random.Next(3) };
        var constraint = new SchemaConstraint(CompiledSchema.Compile(schema, options), tables, [end]);
        var kept = new List<Snapshot> { Take(constraint, [], constraint.Start, vocabulary, random) };
        var returns = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var from = kept[random.Next(kept.Count)];
            var now = from;
            for (var pushed = 0; pushed < Ahead; pushed++)
            {
                var allowed = Enumerable
                    .Range(0, vocabulary.Size)
                    .Where(id => id != end && TokenMask.Contains(now.Mask, id))
                    .ToArray();
                if (allowed.Length == 0)
                    break;
                var token = allowed[random.Next(allowed.Length)];
                constraint.TryNext(now.State, token, out var next).Should().BeTrue(schema);
                now = Take(constraint, [.. now.Path, token], next, vocabulary, random);
                if (random.Next(3) == 0)
                    kept.Add(now);
            }
            Same(constraint, from, from.State, schema);
            Same(constraint, now, now.State, schema);
            returns += 2;
        }
        // Another constraint has none of the masks and states that were found on the way.
        var fresh = new SchemaConstraint(CompiledSchema.Compile(schema, options), tables, [end]);
        var last = kept[^1];
        var state = fresh.Start;
        foreach (var token in last.Path)
            fresh.TryNext(state, token, out state).Should().BeTrue(schema);
        Same(fresh, last, state, schema);
        return returns;
    }

    private static Snapshot Take(
        SchemaConstraint constraint,
        int[] path,
        in SchemaState state,
        FragmentVocabulary vocabulary,
        Random random
    )
    {
        var mask = new ulong[constraint.Words];
        constraint.FillMask(state, mask);
        var tokens = Enumerable.Range(0, Tried).Select(_ => random.Next(vocabulary.Size)).ToArray();
        return new Snapshot(path, state, mask, tokens, Taken(constraint, state, tokens));
    }

    private static bool[] Taken(SchemaConstraint constraint, SchemaState state, int[] tokens) =>
        [.. tokens.Select(token => constraint.TryNext(state, token, out _))];

    private static void Same(SchemaConstraint constraint, Snapshot snapshot, in SchemaState state, string schema)
    {
        var mask = new ulong[constraint.Words];
        constraint.FillMask(state, mask);
        mask.Should().Equal(snapshot.Mask, schema);
        Taken(constraint, state, snapshot.Tokens).Should().Equal(snapshot.Taken, schema);
        for (var i = 0; i < snapshot.Tokens.Length; i++)
        {
            if (!constraint.IsEnd(snapshot.Tokens[i]))
                snapshot.Taken[i].Should().Be(TokenMask.Contains(snapshot.Mask, snapshot.Tokens[i]), schema);
        }
    }
}
