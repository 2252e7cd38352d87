using System.Collections.Concurrent;
using System.Numerics;
using System.Text;
using Tokenwright.Plugins.JsonSchema.Machine;
using Tokenwright.Plugins.JsonSchema.Spelling;

namespace Tokenwright.Plugins.JsonSchema;

/// <summary>
/// A document inside a text, over a vocabulary: free text up to a marker, fixed text, the document, fixed text, within a budget of
/// tokens. Each stretch may be missing. Safe for concurrent use.
/// </summary>
public sealed class TextConstraint
{
    private const int MostForced = 512;
    private const int AheadLimit = 1_024;
    private const int KeptStates = 256;

    private readonly VocabularyTables _tables;
    private readonly SchemaConstraint _document;
    private readonly Endings _endings;
    private readonly ForcedText _forced;
    private readonly int[] _ends;
    private readonly byte[] _marker;
    private readonly int[] _fallback;
    private readonly byte[] _before;
    private readonly byte[] _after;
    private readonly int? _budget;
    private readonly ulong[]?[] _free;
    private readonly int[] _overlapping;
    private readonly TextState?[] _kept = new TextState?[KeptStates];
    private readonly ConcurrentDictionary<(Stage, int, SchemaState), EndingsAhead> _ahead = new();

    /// <summary>Joins a schema, a vocabulary and what stands around the document.</summary>
    /// <param name="schema">The document's schema.</param>
    /// <param name="tables">The vocabulary.</param>
    /// <param name="endTokens">Tokens that end the text; allowed exactly when it is whole.</param>
    /// <param name="options">What stands around the document; null for nothing.</param>
    /// <exception cref="ArgumentException">The marker is empty, or no text fits into the budget.</exception>
    public TextConstraint(CompiledSchema schema, VocabularyTables tables, IEnumerable<int> endTokens, TextOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(tables);
        options ??= new TextOptions();
        if (options.FreeUntil?.Length == 0)
            throw new ArgumentException(
                "The marker that ends the free text (free-until) is empty. Name the text after which the constraint begins, or leave it out."
            );
        _tables = tables;
        _ends = [.. endTokens];
        _marker = Encoding.UTF8.GetBytes(options.FreeUntil ?? "");
        _fallback = Fallback(_marker);
        _before = Encoding.UTF8.GetBytes(options.Before);
        if (_marker.Length > 0 && _before.AsSpan().StartsWith(_marker))
            _before = _before[_marker.Length..];
        _after = Encoding.UTF8.GetBytes(options.After);
        _budget = options.Budget;
        _document = new SchemaConstraint(schema, tables, _after.Length == 0 ? _ends : []);
        _endings = new Endings(schema.Automaton);
        _forced = new ForcedText(schema.Automaton);
        _free = new ulong[]?[_marker.Length];
        _overlapping = Overlapping();
        Start = Settled(_marker.Length > 0 ? Stage.Free : Stage.Before, 0, _document.Start);
        if (_budget is not { } budget)
            return;
        var shortest = Ending(Start);
        if (shortest is null || Spelled(shortest) is not { } spelled)
            throw new ArgumentException(
                "No ending could be found from the start of this schema, so the text cannot be steered to one. Leave close out."
            );
        if (spelled.Length >= budget)
            throw new ArgumentException(
                $"The shortest text has {spelled.Length} tokens and an end token, and at most {budget} may be generated (max-tokens, or the context)."
            );
    }

    /// <summary>The state of the empty text.</summary>
    public TextState Start { get; }

    /// <summary>Length of a mask in 64-bit words.</summary>
    public int Words => _tables.Words;

    /// <summary>Whether a token ends the text.</summary>
    public bool IsEnd(int token) => Array.IndexOf(_ends, token) >= 0;

    /// <summary>Whether the text is whole.</summary>
    public bool CanEnd(TextState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Stage == Stage.After
            ? state.At == _after.Length
            : state.Stage == Stage.Document && _after.Length == 0 && SchemaConstraint.CanEnd(state.Document);
    }

    /// <summary>Overwrites a mask with the tokens that may come next: bit <c>id</c> of word <c>id / 64</c>.</summary>
    /// <param name="state">Where the text stands.</param>
    /// <param name="used">How many tokens the text has; counts against the budget.</param>
    /// <param name="mask">At least <see cref="Words"/> words; further ones are cleared.</param>
    /// <exception cref="SchemaException">It took more work than the limit allows; the mask must not be used.</exception>
    public void FillMask(TextState state, int used, Span<ulong> mask)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!state.Plan.IsEmpty)
        {
            mask.Clear();
            Set(mask, state.Plan.Span[0]);
            return;
        }

        Fill(state, mask);
        // The token that is asked for and an end token after the rest.
        if (_budget - used - 2 is { } left && Ahead(state, mask) is var ahead && ahead.Longest > left)
        {
            ahead.Keep(mask, left, _tables, _ends);
            if (Plan(state, left) is { } plan)
                Set(mask, plan[0]);
        }
    }

    /// <summary>Whether one token may come next. The end token is never passed to <see cref="TryNext"/>.</summary>
    public bool Allows(TextState state, int used, int token) => IsEnd(token) ? MayEnd(state) : TryNext(state, used, token, out _);

    /// <summary>The state after one more token, if it may come next. End tokens lead nowhere: they end the text.</summary>
    /// <param name="state">Where the text stands.</param>
    /// <param name="used">How many tokens the text has, this one not counted.</param>
    /// <param name="token">The token.</param>
    /// <param name="next">The state after it; the same state where it is not allowed.</param>
    /// <exception cref="SchemaException">It took more work than the limit allows.</exception>
    public bool TryNext(TextState state, int used, int token, out TextState next)
    {
        ArgumentNullException.ThrowIfNull(state);
        next = state;
        if (!state.Plan.IsEmpty)
        {
            if (token != state.Plan.Span[0] || Step(state, _tables.Bytes(token)) is not { } planned)
                return false;
            next = With(planned, state.Plan[1..]);
            return true;
        }

        if ((uint)token >= (uint)_tables.Size || IsEnd(token) || Step(state, token) is not { } following)
            return false;
        if (_budget - used - 2 is { } left && Cost(following, left) > left)
        {
            if (Plan(state, left) is not { } plan || plan[0] != token)
                return false;
            following = With(following, plan.AsMemory(1));
        }
        next = following;
        return true;
    }

    /// <summary>Spells what must come next; a hint, see <see cref="ITokenConstraint.Forced"/>.</summary>
    /// <param name="state">Where the text stands.</param>
    /// <param name="encode">Text to token ids as the tokenizer cuts it; null takes the fewest tokens.</param>
    /// <param name="tokens">Receives the tokens, an end token last where the text ends with them.</param>
    /// <returns>How many there are.</returns>
    public int Forced(TextState state, Func<string, IReadOnlyList<int>>? encode, Span<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!state.Plan.IsEmpty)
        {
            var plan = state.Plan.Span[..Math.Min(tokens.Length, state.Plan.Length)];
            plan.CopyTo(tokens);
            return plan.Length;
        }

        var text = new List<byte>();
        var ends = Spell(state, text);
        var spelled = text.Count == 0 ? [] : Encoded([.. text], encode) ?? Spelled([.. text]) ?? [];
        var count = Math.Min(tokens.Length, spelled.Length);
        spelled.AsSpan(0, count).CopyTo(tokens);
        if (ends && count == spelled.Length && count < tokens.Length && _ends.Length > 0)
            tokens[count++] = _ends[0];
        return count;
    }

    private bool Spell(TextState state, List<byte> text)
    {
        switch (state.Stage)
        {
            case Stage.Free:
                return false;
            case Stage.After:
                text.AddRange(_after.AsSpan(state.At));
                return true;
        }
        if (state.Stage == Stage.Before)
            text.AddRange(_before.AsSpan(state.At));
        if (!_forced.Spell(state.Document, MostForced, text))
            return false;
        text.AddRange(_after);
        return true;
    }

    private void Fill(TextState state, Span<ulong> mask)
    {
        switch (state.Stage)
        {
            case Stage.Free:
                mask[_tables.Words..].Clear();
                (_free[state.At] ??= FreeMask(state)).CopyTo(mask);
                return;
            case Stage.Before:
                mask.Clear();
                FillFixed(_before.AsSpan(state.At), state, mask);
                return;
            case Stage.After:
                mask.Clear();
                FillFixed(_after.AsSpan(state.At), state, mask);
                if (state.At == _after.Length)
                    SetEnds(mask);
                return;
        }
        _document.FillMask(state.Document, mask);
        // Tokens that hold the end of the document and the beginning of what follows it.
        foreach (var token in _overlapping)
        {
            if (Step(state, token) is not null)
                Set(mask, token);
        }
    }

    // Everything but the end tokens and the tokens in which the marker is followed by what may not follow it.
    private ulong[] FreeMask(TextState state)
    {
        var mask = new ulong[_tables.Words];
        for (var token = 0; token < _tables.Size; token++)
        {
            if (Step(state, token) is not null)
                Set(mask, token);
        }
        foreach (var end in _ends)
        {
            if (end < _tables.Size)
                mask[end >> 6] &= ~(1ul << end);
        }
        return mask;
    }

    private void FillFixed(ReadOnlySpan<byte> rest, TextState state, Span<ulong> mask)
    {
        var trie = _tables.Trie;
        var node = 0;
        foreach (var value in rest)
        {
            node = trie.Child(node, value);
            if (node < 0)
                return;
            foreach (var token in trie.Tokens(node))
                Set(mask, token);
        }
        foreach (var token in trie.TokensBelow(node))
        {
            if (Step(state, token) is not null)
                Set(mask, token);
        }
    }

    private TextState? Step(TextState state, int token) =>
        _tables.Bytes(token) is { IsEmpty: false } bytes ? Step(state, bytes)
        : state.Stage == Stage.Free ? state
        : null;

    private TextState? Step(TextState state, ReadOnlySpan<byte> bytes)
    {
        var (stage, at, document) = (state.Stage, state.At, state.Document);
        while (bytes.Length > 0)
        {
            switch (stage)
            {
                case Stage.Free:
                    at = Match(at, bytes[0]);
                    bytes = bytes[1..];
                    if (at == _marker.Length)
                        (stage, at) = (Stage.Before, 0);
                    continue;
                case Stage.Before when at == _before.Length:
                    (stage, at) = (Stage.Document, 0);
                    continue;
                case Stage.Document:
                    var read = _document.Read(document, bytes, out document);
                    bytes = bytes[read..];
                    if (bytes.IsEmpty)
                        continue;
                    if (_after.Length == 0 || !SchemaConstraint.CanEnd(document))
                        return null;
                    stage = Stage.After;
                    continue;
                default:
                    var text = stage == Stage.Before ? _before : _after;
                    if (at == text.Length || text[at] != bytes[0])
                        return null;
                    at++;
                    bytes = bytes[1..];
                    continue;
            }
        }
        return Settled(stage, at, document);
    }

    // A stretch that is over gives way to the next one, so that a place has one state.
    private TextState Settled(Stage stage, int at, in SchemaState document)
    {
        if (stage == Stage.Before && at == _before.Length)
            (stage, at) = (Stage.Document, 0);
        if (stage == Stage.Document && _after.Length > 0 && IsDone(document))
            stage = Stage.After;
        // States are kept by hash, the last one met wins: a text that returns to a state, as free text does with every token, allocates nothing.
        ref var kept = ref _kept[(document.GetHashCode() + at) & (_kept.Length - 1)];
        return kept is { } same && same.Stage == stage && same.At == at && same.Document.Equals(document)
            ? same
            : kept = new TextState(stage, at, document);
    }

    private static bool IsDone(in SchemaState document) => document.First.Phase == Phase.Done && document.Others.Length == 0;

    private static TextState With(TextState state, ReadOnlyMemory<int> plan) =>
        new(state.Stage, state.At, state.Document) { Plan = plan };

    private int Match(int at, byte value)
    {
        while (at > 0 && _marker[at] != value)
            at = _fallback[at - 1];
        return _marker[at] == value ? at + 1 : 0;
    }

    // Knuth, Morris and Pratt: how much of the marker still matches after a mismatch.
    private static int[] Fallback(byte[] marker)
    {
        var fallback = new int[marker.Length];
        for (int i = 1, k = 0; i < marker.Length; i++)
        {
            while (k > 0 && marker[i] != marker[k])
                k = fallback[k - 1];
            if (marker[i] == marker[k])
                k++;
            fallback[i] = k;
        }
        return fallback;
    }

    private int[] Overlapping()
    {
        if (_after.Length == 0)
            return [];
        var tokens = new List<int>();
        for (var token = 0; token < _tables.Size; token++)
        {
            var bytes = _tables.Bytes(token);
            for (var cut = 1; cut < bytes.Length; cut++)
            {
                if (bytes[cut - 1] is (byte)'}' or (byte)']' && _after.AsSpan().StartsWith(bytes[cut..]))
                {
                    tokens.Add(token);
                    break;
                }
            }
        }
        return [.. tokens];
    }

    private byte[]? Ending(TextState state)
    {
        if (state.Stage == Stage.After)
            return _after[state.At..];
        if (_endings.From(state.Document) is not { } document)
            return null;
        return state.Stage switch
        {
            Stage.Free => [.. _marker.AsSpan(state.At), .. _before, .. document, .. _after],
            Stage.Before => [.. _before.AsSpan(state.At), .. document, .. _after],
            _ when _after.Length == 0 => document,
            _ => [.. document, .. _after],
        };
    }

    private int[]? Spelled(byte[] text) => TokenSpelling.Fewest(_tables, text);

    private int[]? Encoded(byte[] text, Func<string, IReadOnlyList<int>>? encode)
    {
        if (encode is null)
            return null;
        int[] tokens = [.. encode(Encoding.UTF8.GetString(text))];
        var at = 0;
        foreach (var token in tokens)
        {
            var bytes = _tables.Bytes(token);
            if (bytes.IsEmpty || !text.AsSpan(at).StartsWith(bytes))
                return null;
            at += bytes.Length;
        }
        return at == text.Length ? tokens : null;
    }

    /// <summary>Tokens that an ending takes; where the bytes alone are few enough, their number.</summary>
    private int Cost(TextState state, int enough) =>
        Ending(state) is not { } text ? int.MaxValue
        : text.Length <= enough ? text.Length
        : Spelled(text)?.Length ?? int.MaxValue;

    /// <summary>How the text ends after each allowed token; kept, for a text comes back to its places.</summary>
    private EndingsAhead Ahead(TextState state, ReadOnlySpan<ulong> mask)
    {
        var document = new SchemaState(EndingWalk.Unbounded(state.Document.First), state.Document.Others, default);
        var key = (state.Stage, state.At, document);
        if (_ahead.TryGetValue(key, out var known))
            return known;
        var builder = new EndingsAhead.Builder(_tables.Words);
        if (state.Stage == Stage.Document)
        {
            EndingWalk.Run(_document.Schema.Automaton, _endings, _tables.Trie, _after, document, builder);
            foreach (var token in _overlapping)
            {
                if (_document.Read(state.Document, _tables.Bytes(token), out _) < _tables.Bytes(token).Length)
                    Add(token);
            }
        }
        else
        {
            for (var word = 0; word < _tables.Words; word++)
            {
                for (var bits = mask[word]; bits != 0; bits &= bits - 1)
                    Add(word * 64 + BitOperations.TrailingZeroCount(bits));
            }
        }
        var ahead = builder.Build();
        if (_ahead.Count < AheadLimit)
            _ahead[key] = ahead;
        return ahead;

        void Add(int token)
        {
            if (!IsEnd(token) && Step(state, token) is { } next)
                builder.Add(builder.Group(Ending(next)), [token]);
        }
    }

    /// <summary>The tokens of the shortest ending where it fits: what is left to do when nothing else does.</summary>
    private int[]? Plan(TextState state, int left) =>
        Ending(state) is { Length: > 0 } text && Spelled(text) is { } plan && plan.Length <= left + 1 ? plan : null;

    private bool MayEnd(TextState state) => state.Plan.IsEmpty && CanEnd(state);

    private void SetEnds(Span<ulong> mask)
    {
        foreach (var end in _ends)
            Set(mask, end);
    }

    private static void Set(Span<ulong> mask, int token) => mask[token >> 6] |= 1ul << token;
}
