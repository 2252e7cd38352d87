using System.Text;

namespace Tokenwright;

/// <summary>
/// Finds stop strings in the bytes of committed tokens as they arrive, and says how many bytes are certain not to belong to
/// one. A stop string may span tokens and may begin or end inside one.
/// </summary>
/// <remarks>
/// The match is the stop string that is completed first, byte by byte, however the bytes are cut into tokens: so a step that
/// commits many tokens stops at the same place as many steps that commit one. Of several completed by the same byte, the one
/// that starts earliest (hence the longest) is taken. One instance follows one sequence; it is not safe for concurrent use.
/// Appending costs one table look-up per byte and allocates nothing (Aho and Corasick, 1975).
/// </remarks>
public sealed class StopMatcher
{
    private readonly byte[] _classes = new byte[256]; // class of a byte; 0: in no stop string
    private readonly int _classCount;
    private readonly int[] _next; // [state * classCount + class] -> state
    private readonly int[] _depths; // state -> length of the longest suffix that begins some stop string
    private readonly int[] _matches; // state -> index of the longest stop string that ends here, or -1
    private readonly int[] _stopLengths;
    private int _state;

    /// <summary>Builds the automaton.</summary>
    /// <param name="stops">The stop strings; may be empty, then nothing ever matches.</param>
    /// <exception cref="ArgumentException">A stop string is empty or is not well-formed UTF-16.</exception>
    public StopMatcher(IReadOnlyList<string> stops)
    {
        ArgumentNullException.ThrowIfNull(stops);
        var patterns = new byte[stops.Count][];
        for (var i = 0; i < patterns.Length; i++)
            patterns[i] = Utf8(stops[i], i);
        _stopLengths = Array.ConvertAll(patterns, p => p.Length);

        // At most 255 classes: the bytes 0xC0, 0xC1 and 0xF5..0xFF never occur in UTF-8.
        foreach (var pattern in patterns)
        foreach (var b in pattern)
            if (_classes[b] == 0)
                _classes[b] = (byte)++_classCount;
        _classCount++;

        var states = 1 + patterns.Sum(p => p.Length);
        _next = new int[states * _classCount];
        _depths = new int[states];
        _matches = new int[states];
        Array.Fill(_matches, -1);
        Link(AddPatterns(patterns));
    }

    /// <summary>Bytes seen, up to and including the last byte of a match.</summary>
    public int Length { get; private set; }

    /// <summary>
    /// How many bytes, from the first, can be emitted for certain: all but the longest suffix that may still grow into a stop
    /// string; after a match, everything before it. Never decreases.
    /// </summary>
    public int SafeLength => IsMatched ? MatchStart : Length - _depths[_state];

    /// <summary>Whether a stop string has been completed. Bytes appended after that are ignored.</summary>
    public bool IsMatched => Match >= 0;

    /// <summary>Index, in the list given, of the stop string that was completed; -1 before.</summary>
    public int Match { get; private set; } = -1;

    /// <summary>Byte offset at which the completed stop string begins; -1 before.</summary>
    public int MatchStart => IsMatched ? Length - _stopLengths[Match] : -1;

    /// <summary>Reads more bytes of the text.</summary>
    /// <param name="bytes">The bytes of one or more committed tokens; they need not be whole characters.</param>
    /// <returns>True once a stop string has been completed, now or earlier.</returns>
    public bool Append(ReadOnlySpan<byte> bytes)
    {
        if (IsMatched)
            return true;
        foreach (var b in bytes)
        {
            _state = _next[_state * _classCount + _classes[b]];
            Length++;
            Match = _matches[_state];
            if (IsMatched)
                return true;
        }
        return false;
    }

    /// <summary>Forgets everything seen, to follow another text with the same stop strings.</summary>
    public void Reset()
    {
        _state = 0;
        Length = 0;
        Match = -1;
    }

    private static byte[] Utf8(string stop, int index)
    {
        if (string.IsNullOrEmpty(stop))
            throw new ArgumentException(
                $"Stop string {index} is empty; it would stop every text at once. Leave it out.",
                nameof(stop)
            );
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(stop);
        }
        catch (EncoderFallbackException)
        {
            throw new ArgumentException($"Stop string {index} holds half a surrogate pair; give whole characters.", nameof(stop));
        }
    }

    /// <summary>Lays the patterns out as a trie; a child's number is always higher than its parent's.</summary>
    private int AddPatterns(byte[][] patterns)
    {
        var count = 1;
        for (var i = 0; i < patterns.Length; i++)
        {
            var at = 0;
            foreach (var b in patterns[i])
            {
                ref var child = ref _next[at * _classCount + _classes[b]];
                if (child == 0)
                {
                    _depths[count] = _depths[at] + 1;
                    child = count++;
                }
                at = child;
            }
            if (_matches[at] < 0)
                _matches[at] = i;
        }
        return count;
    }

    /// <summary>Completes the trie, breadth first, to an automaton whose every state knows where every byte leads.</summary>
    private void Link(int count)
    {
        var failures = new int[count];
        var queue = new Queue<int>([0]);
        while (queue.TryDequeue(out var parent))
        {
            for (var c = 0; c < _classCount; c++)
            {
                ref var child = ref _next[parent * _classCount + c];
                var fallback = parent == 0 ? 0 : _next[failures[parent] * _classCount + c];
                if (child == 0)
                {
                    child = fallback;
                    continue;
                }
                failures[child] = fallback;
                if (_matches[child] < 0)
                    _matches[child] = _matches[fallback];
                queue.Enqueue(child);
            }
        }
    }
}
