using System.Text.Json;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tokenwright.Plugins.JsonSchema.Machine;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema;

/// <summary>
/// A JSON Schema, regular expression or list of choices made ready for matching text and masking tokens. Immutable to its users and
/// safe for concurrent use; what it learns while it is used is kept inside.
/// </summary>
public sealed class CompiledSchema
{
    private const int DepthLimit = 256;

    // A text ten times the size of the largest schemas in use would take the memory that a host can spare before a step is made.
    private const long CharactersPerStep = 32;
    private const int SweepLimit = 30_000;

    private CompiledSchema(Automaton automaton, Machine.Thread start, IReadOnlyList<SchemaException> omissions)
    {
        Automaton = automaton;
        Start = start;
        Omissions = omissions;
    }

    /// <summary>What lenient reading left out, and unknown formats: one message each, with its JSON pointer.</summary>
    public IReadOnlyList<string> Warnings => [.. Omissions.Select(omission => omission.Message)];

    internal IReadOnlyList<SchemaException> Omissions { get; }
    internal Automaton Automaton { get; }
    internal Machine.Thread Start { get; }

    /// <summary>Compiles a JSON Schema.</summary>
    /// <param name="schema">The schema as JSON text.</param>
    /// <param name="options">How to read it; null for the defaults.</param>
    /// <exception cref="SchemaException">It is not a schema, cannot be enforced exactly, or no document satisfies it.</exception>
    public static CompiledSchema Compile(string schema, SchemaOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        options ??= new SchemaOptions();
        if (schema.Length / CharactersPerStep > options.CompileFuel)
            throw new SchemaException(
                "",
                "",
                $"is {schema.Length:N0} characters long; what {options.CompileFuel:N0} steps allow is {options.CompileFuel * CharactersPerStep:N0}. Split it, or allow more steps"
            );
        try
        {
            return Compile(JsonElement.Parse(schema, new JsonDocumentOptions { MaxDepth = DepthLimit }), options);
        }
        catch (JsonException error)
        {
            throw new SchemaException("", "", $"is not JSON that can be read ({error.Message})");
        }
    }

    /// <summary>Compiles a JSON Schema.</summary>
    /// <param name="schema">The schema; must outlive the compiled one.</param>
    /// <param name="options">How to read it; null for the defaults.</param>
    /// <exception cref="SchemaException">As for the other overload.</exception>
    public static CompiledSchema Compile(JsonElement schema, SchemaOptions? options = null)
    {
        options ??= new SchemaOptions();
        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False))
            throw new SchemaException("", "", "a schema is an object, true or false");
        var shared = SharedParts.Current;
        var pool = shared.Pool;
        lock (pool.Gate)
        {
            pool.NodeLimit = pool.Count + SharedParts.NodesPerSchema;
            try
            {
                var documents = new SchemaDocuments(schema, options);
                var canonicalizer = new Canonicalizer(pool, documents, options);
                var root = canonicalizer.Root();
                if (!canonicalizer.IsInhabited(root))
                    throw new SchemaException("", "", "no document satisfies this schema");
                Sweep(canonicalizer, root);
                var automaton = new Automaton(canonicalizer, shared, Math.Clamp(options.MaxWhitespace, 0, 200))
                {
                    KeyOrder = options.KeyOrder,
                };
                Automaton.Refuel();
                return new CompiledSchema(automaton, Automaton.Start(automaton.Entry(root)), canonicalizer.Warnings);
            }
            catch (Exception error) when (error is FuelException or InsufficientExecutionStackException or FormatException)
            {
                throw new SchemaException(
                    "",
                    "",
                    error is FormatException or FuelException ? error.Message : "is nested too deeply"
                );
            }
            finally
            {
                pool.NodeLimit = pool.Count + SharedParts.NodesPerSchema;
            }
        }
    }

    /// <summary>The documents that a .NET type is read from, as System.Text.Json describes it.</summary>
    /// <typeparam name="T">
    /// The type. Only what its contract requires is required: <c>required</c> members and parameters of its constructor; other members may be
    /// missing. Members that the type does not have are left out only where <see cref="JsonUnmappedMemberHandling"/> disallows them.
    /// </typeparam>
    /// <param name="serializer">How the type is read: naming policy, converters, number handling; null for the defaults.</param>
    /// <param name="options">How the schema is read; null for the defaults.</param>
    /// <exception cref="SchemaException">The type's schema cannot be enforced exactly.</exception>
    /// <exception cref="NotSupportedException">The type has no JSON contract.</exception>
    public static CompiledSchema From<T>(JsonSerializerOptions? serializer = null, SchemaOptions? options = null)
    {
        serializer ??= JsonSerializerOptions.Default;
        if (serializer.TypeInfoResolver is null)
            serializer = new JsonSerializerOptions(serializer) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        var schema = serializer.GetJsonSchemaAsNode(
            typeof(T),
            new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true }
        );
        return Compile(schema.ToJsonString(), options);
    }

    /// <summary>Any JSON document.</summary>
    public static CompiledSchema AnyJson(SchemaOptions? options = null) => Compile("true", options);

    /// <summary>Plain text that a regular expression (ECMA-262) matches from its beginning to its end.</summary>
    /// <exception cref="SchemaException">The expression is malformed, not regular, or matches nothing.</exception>
    public static CompiledSchema FromRegex(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return FromText("pattern", pool => EcmaPattern.Whole(pool, pattern));
    }

    /// <summary>Plain text that is one of some choices.</summary>
    /// <exception cref="SchemaException">There is no choice.</exception>
    public static CompiledSchema FromChoices(IEnumerable<string> choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return FromText("choices", pool => pool.OneOf(choices));
    }

    private static CompiledSchema FromText(string keyword, Func<LanguagePool, Language> find)
    {
        var shared = SharedParts.Current;
        lock (shared.Pool.Gate)
        {
            shared.Pool.NodeLimit = shared.Pool.Count + SharedParts.NodesPerSchema;
            try
            {
                using var anything = JsonDocument.Parse("true");
                var options = new SchemaOptions();
                var canonicalizer = new Canonicalizer(
                    shared.Pool,
                    new SchemaDocuments(anything.RootElement.Clone(), options),
                    options
                );
                var start = shared.Text.Start(find(shared.Pool));
                if (start == ByteDfa.Dead)
                    throw new SchemaException("", keyword, "no text satisfies it");
                return new CompiledSchema(
                    new Automaton(canonicalizer, shared, 0),
                    new(Phase.String, 0, start, shared.Text, null, null),
                    []
                );
            }
            catch (Exception error) when (error is FuelException or InsufficientExecutionStackException or FormatException)
            {
                throw new SchemaException("", keyword, error.Message);
            }
        }
    }

    /// <summary>Meets every part of the schema once, so that what cannot be enforced is refused now and not in the middle of a text.</summary>
    private static void Sweep(Canonicalizer canonicalizer, Expression root)
    {
        var seen = new HashSet<Expression> { root };
        var queue = new Queue<Expression>();
        queue.Enqueue(root);
        void Visit(Expression? expression)
        {
            if (expression is not null && seen.Add(expression))
                queue.Enqueue(expression);
        }
        for (var count = 0; count < SweepLimit && queue.TryDequeue(out var next); count++)
        {
            var node = canonicalizer.Normalize(next);
            foreach (var shape in node.Objects)
            {
                foreach (var (_, value) in shape.Properties)
                    Visit(value);
                foreach (var layer in shape.Layers)
                {
                    Visit(layer.Additional);
                    foreach (var (_, value) in layer.Patterns)
                        Visit(value);
                }
                foreach (var existence in shape.Existences)
                    Visit(existence.Value);
            }
            foreach (var shape in node.Arrays)
            {
                foreach (var item in shape.Prefix)
                    Visit(item);
                Visit(shape.Rest);
                foreach (var contained in shape.Contains)
                {
                    Visit(contained.Value);
                    // Beyond so many, items must not satisfy it.
                    if (contained.Max != int.MaxValue)
                        Visit(canonicalizer.Not(contained.Value));
                }
            }
        }
    }

    /// <summary>Whether a text, as bytes of UTF-8, is a document of the schema in a spelling the engine allows.</summary>
    /// <exception cref="SchemaException">Matching took more work than the limit allows.</exception>
    public bool IsMatch(ReadOnlySpan<byte> text) => Matched(text, out var complete) == text.Length && complete;

    /// <summary>How many bytes of the text can begin a document.</summary>
    /// <param name="text">The text.</param>
    /// <param name="complete">Whether the matched part is a whole document.</param>
    public int Matched(ReadOnlySpan<byte> text, out bool complete)
    {
        var matcher = new ByteMatcher(this);
        var count = 0;
        while (count < text.Length && matcher.Push(text[count]))
            count++;
        complete = matcher.CanEnd;
        return count;
    }
}
