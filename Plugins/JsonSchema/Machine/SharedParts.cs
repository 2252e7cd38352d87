using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Numbers;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>
/// What schemas share: the pool of languages and its automaton, automata of numbers, starts of scalar values, and the machine of
/// "any JSON". The same pattern, length or bound then has the same automaton and the same masks in all of them. When it has grown
/// large a fresh one takes its place; schemas keep the one they were compiled with.
/// </summary>
internal sealed class SharedParts
{
    public const int NodesPerSchema = 200_000;
    private const int RenewAt = 400_000;
    private const int StatesRenewAt = 30_000;
    private const int NumbersLimit = 2_000;
    private static readonly Lock Renewal = new();
    private static SharedParts _current = new();
    private readonly Dictionary<string, NumberDfa> _numbers = [];
    private readonly Dictionary<(bool, bool, bool, NumberDfa?, int), NodeEntry> _scalars = [];

    private SharedParts()
    {
        Pool = new LanguagePool();
        Strings = new StringDfa(Pool, true);
        Keys = new StringDfa(Pool, true, isKey: true);
        Text = new StringDfa(Pool, false);
        var options = new SchemaOptions { CompileFuel = long.MaxValue };
        using var anything = JsonDocument.Parse("true");
        var canonicalizer = new Canonicalizer(Pool, new SchemaDocuments(anything.RootElement, options), options);
        Anything = new Automaton(canonicalizer, this, 0).Prepare(canonicalizer.Anything);
        canonicalizer.Anything.Entry = Anything;
    }

    public static SharedParts Current
    {
        get
        {
            lock (Renewal)
            {
                if (_current.Pool.Count > RenewAt || _current.Strings.StateCount + _current.Keys.StateCount > StatesRenewAt)
                    _current = new();
                return _current;
            }
        }
    }

    public LanguagePool Pool { get; }

    /// <summary>Reads the inside of strings.</summary>
    public StringDfa Strings { get; }

    /// <summary>Reads the inside of keys.</summary>
    public StringDfa Keys { get; }

    /// <summary>Reads plain text.</summary>
    public StringDfa Text { get; }

    /// <summary>The start of a value of any kind.</summary>
    public NodeEntry Anything { get; }

    /// <summary>The start of a scalar value, one for all schemas that allow the same.</summary>
    public NodeEntry Scalar(Node node, NumberDfa? numbers)
    {
        var start = Strings.Start(node.Strings);
        var key = (node.Null, node.True, node.False, numbers, start);
        if (!_scalars.TryGetValue(key, out var entry))
        {
            entry = new NodeEntry
            {
                Node = node,
                StringStart = start,
                Numbers = numbers,
                Objects = null,
                Arrays = [],
                IsShared = true,
            };
            _scalars.Add(key, entry);
        }
        return entry;
    }

    /// <summary>The automaton of a union of number sets; null when it is empty.</summary>
    public NumberDfa? Numbers(NumberSet[] sets)
    {
        if (sets.Length == 0)
            return null;
        if (NumberDfa.Common(sets) is { } common)
            return common;
        var key = string.Join(
            '|',
            sets.Select(s =>
                $"{s.Low}{s.LowOpen}{s.High}{s.HighOpen}{s.MultipleOf}/{string.Join(',', s.NotMultipleOf.Select(n => n.ToString()))}"
            )
        );
        if (!_numbers.TryGetValue(key, out var dfa))
        {
            if (_numbers.Count >= NumbersLimit)
                _numbers.Clear();
            _numbers.Add(key, dfa = new NumberDfa(sets));
        }
        return dfa.Start == ByteDfa.Dead ? null : dfa;
    }
}
