using System.Text;
using Tokenwright.Plugins.JsonSchema;

namespace Tokenwright.Tests.Plugins.JsonSchema;

/// <summary>Schemas and the tables of a tokenizer under several threads, and what a step allocates.</summary>
public sealed class SharedUseTests
{
    private const string Document =
        """{"name": "some text or other", "id": "ab-12", "n": 12, "tags": ["x", "y"], "more": {"a": true, "b": null}, "words": "one two three"}""";

    private static readonly string[] Schemas =
    [
        """{"properties":{"name":{"type":"string","maxLength":40},"id":{"pattern":"^[a-z]+-[0-9]+$"},"n":{"type":"integer","minimum":3}},"required":["name"]}""",
        """{"properties":{"name":{"type":"string","minLength":3},"tags":{"type":"array","items":{"enum":["x","y","z"]},"uniqueItems":true}},"required":["id"]}""",
        """{"properties":{"words":{"pattern":"^(\\S+\\s+){0,9}\\S+$","maxLength":80}},"patternProperties":{"^m":{"type":"object","minProperties":1}}}""",
        """{"anyOf":[{"properties":{"n":{"multipleOf":4}},"required":["n"]},{"properties":{"more":{"additionalProperties":{"type":["boolean","null"]}}},"required":["more"]}]}""",
        """{"oneOf":[{"properties":{"id":{"const":"ab-12"}},"required":["id"]},{"properties":{"id":{"type":"number"}},"required":["id"]}]}""",
    ];

    [Fact]
    public void Several_threads_find_the_masks_that_one_finds()
    {
        var vocabulary = new Tiktoken(SharedData.File("tokenizers", "gpt2.tiktoken"));
        var tokens = vocabulary.Encode(Document);
        // Each schema with tables of its own, one thread: nothing is shared.
        var expected = Schemas.Select(s => Masks(Constraint(s, new VocabularyTables(vocabulary), vocabulary), tokens)).ToArray();
        for (var round = 0; round < 3; round++)
        {
            // Fresh tables and schemas, so that the threads race for everything that is found only once.
            var tables = new VocabularyTables(vocabulary);
            var shared = Schemas.Select(s => Constraint(s, tables, vocabulary)).ToArray();
            var wrong = new List<string>();
            var workers = Enumerable
                .Range(0, 8)
                .Select(worker => new System.Threading.Thread(() =>
                {
                    try
                    {
                        for (var i = 0; i < Schemas.Length; i++)
                        {
                            var at = (i + worker) % Schemas.Length;
                            // The odd ones compile for themselves, beside those that share.
                            var constraint = worker % 2 == 0 ? shared[at] : Constraint(Schemas[at], tables, vocabulary);
                            var found = Masks(constraint, tokens);
                            if (!found.SequenceEqual(expected[at]))
                                Report($"schema {at} in thread {worker}");
                        }
                    }
                    catch (Exception error)
                    {
                        Report(error.ToString());
                    }
                }))
                .ToArray();
            foreach (var worker in workers)
                worker.Start();
            foreach (var worker in workers)
                worker.Join();
            wrong.Should().BeEmpty();

            void Report(string what)
            {
                lock (wrong)
                    wrong.Add(what);
            }
        }
    }

    [Fact]
    public void A_step_over_ground_that_is_known_allocates_nothing()
    {
        var vocabulary = new TinyVocabulary("some ", "text", "\": ", ", \"", "\"}");
        var constraint = new SchemaConstraint(
            CompiledSchema.Compile(
                """{"properties":{"name":{"type":"string","maxLength":400},"n":{"type":"integer"},"tags":{"type":"array","items":{"type":"string"}}},"required":["name"],"additionalProperties":false}"""
            ),
            new VocabularyTables(vocabulary),
            [vocabulary.EndToken]
        );
        var text = Encoding.UTF8.GetBytes("""{"name": "some text", "n": 120, "tags": ["a", "b", "c"]}""");
        var mask = new ulong[constraint.Words];
        for (var round = 0; round < 3; round++)
            Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Read();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);

        void Read()
        {
            var state = constraint.Start;
            foreach (var value in text)
            {
                constraint.FillMask(state, mask);
                if (!constraint.TryNext(state, value, out state))
                    throw new InvalidOperationException($"'{(char)value}' is refused.");
            }
        }
    }

    [Theory]
    [InlineData("""{"pattern":"^(?=(.|\\n){0,120}x)(a|b|[^c]){3,200}(a|b)*c{1,90}$"}""")]
    [InlineData("""{"pattern":"^(a?){60}a{60}$"}""")]
    [InlineData("""{"allOf":[{"pattern":"a.{25}b"},{"pattern":"b.{25}c"},{"pattern":"c.{25}a"}],"maxLength":90}""")]
    [InlineData("""{"properties":{"a":{"pattern":"^([a-z]+,)*[a-z]+$","maxLength":100000}},"minProperties":1}""")]
    public void Masks_of_hostile_patterns_are_found_or_refused(string schema)
    {
        var vocabulary = new Tiktoken(SharedData.File("tokenizers", "gpt2.tiktoken"));
        var act = () =>
        {
            var constraint = Constraint(schema, new VocabularyTables(vocabulary), vocabulary);
            Masks(constraint, vocabulary.Encode("\"abcabcaaaabbbbccccaaaa aaabcbcbabcbcb\""));
        };
        // Whatever is thrown is the error that callers are promised.
        if (Record.Exception(act) is { } error)
            error.Should().BeOfType<SchemaException>();
    }

    private static SchemaConstraint Constraint(string schema, VocabularyTables tables, Tiktoken vocabulary) =>
        new(CompiledSchema.Compile(schema), tables, [vocabulary.EndToken]);

    /// <summary>A digest of the mask before each token that is allowed.</summary>
    private static List<ulong> Masks(SchemaConstraint constraint, IReadOnlyList<int> tokens)
    {
        var mask = new ulong[constraint.Words];
        var digests = new List<ulong>();
        var state = constraint.Start;
        foreach (var token in tokens)
        {
            constraint.FillMask(state, mask);
            var digest = 14695981039346656037ul;
            foreach (var word in mask)
                digest = (digest ^ word) * 1099511628211ul;
            digests.Add(digest);
            if (!constraint.TryNext(state, token, out state))
                break;
        }
        return digests;
    }
}
