using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Spelling;

/// <summary>The shortest texts, in bytes, that finish strings, keys and numbers; each state is asked once.</summary>
/// <remarks>Where a string must satisfy several patterns at once it is the shortest out of few characters. Not safe for concurrent use.</remarks>
internal sealed class Suffixes
{
    private const int StatesLimit = 4_000;

    /// <summary>Bytes that are tried first: without the backslash and all beyond ASCII, which few languages need.</summary>
    public static readonly byte[] Plain = [.. Enumerable.Range(0x20, 0x7F - 0x20).Where(b => b != '\\').Select(b => (byte)b)];

    // One of each kind that patterns and formats tell apart: enough for most strings that must satisfy several at once, whose states are many.
    private static readonly byte[] Common = [.. "a0A@.:/-_+ TZ\""u8];
    private static readonly byte[] All = [.. Enumerable.Range(0, 0x100).Select(b => (byte)b)];

    // They finish every character: each escape of one letter, hexadecimal digits, a pair of surrogates, what follows in UTF-8.
    private static readonly byte[] Few = [.. "\"\\/bfnrtu0126cd"u8, 0x80, 0x90, 0xA0];
    private readonly Dictionary<(ByteDfa, int), byte[]?> _known = [];

    /// <summary>The shortest way from a state of a lexeme to its end, a closing quote included; null where none is found.</summary>
    public byte[]? Of(ByteDfa dfa, int state)
    {
        if (_known.TryGetValue((dfa, state), out var known))
            return known;
        var found =
            InsideCharacter(dfa, state)
            ?? (IsInvolved(dfa, state) ? Search(dfa, state, Common) : null)
            ?? Search(dfa, state, Plain)
            ?? Search(dfa, state, All)
            ?? (dfa is StringDfa ? Search(dfa, state, Few) : null);
        _known[(dfa, state)] = found;
        return found;
    }

    // There are thousands of ways to finish an escape, and most are as good as any: a few bytes that can finish every character are tried
    // first, and what they find is taken where the string ends right after the character, as nothing is shorter.
    private static byte[]? InsideCharacter(ByteDfa dfa, int start)
    {
        if (dfa is not StringDfa strings || start <= ByteDfa.Closed || strings.IsBetweenCharacters(start))
            return null;
        if (Search(dfa, start, Few) is not { } found)
            return null;
        var state = start;
        foreach (var value in found.AsSpan(..^1))
        {
            if (state != start && strings.IsBetweenCharacters(state))
                return null;
            state = dfa.Next(state, value);
        }
        return found;
    }

    private static bool IsInvolved(ByteDfa dfa, int state) =>
        dfa is StringDfa strings && state > ByteDfa.Closed && strings.LanguageOf(state).Boolean;

    // Breadth first.
    private static byte[]? Search(ByteDfa dfa, int start, byte[] bytes)
    {
        if (dfa.IsAccepting(start))
            return [];
        var queue = new List<(int State, int From, byte Value)> { (start, -1, 0) };
        var seen = new HashSet<int> { start };
        for (var at = 0; at < queue.Count && queue.Count < StatesLimit; at++)
        {
            foreach (var value in bytes)
            {
                var next = dfa.Next(queue[at].State, value);
                if (next == ByteDfa.Closed || next != ByteDfa.Dead && dfa.IsAccepting(next))
                    return Path(queue, at, value);
                if (next != ByteDfa.Dead && seen.Add(next))
                    queue.Add((next, at, value));
            }
        }
        return null;
    }

    private static byte[] Path(List<(int State, int From, byte Value)> queue, int at, byte last)
    {
        var path = new List<byte> { last };
        for (; queue[at].From >= 0; at = queue[at].From)
            path.Add(queue[at].Value);
        path.Reverse();
        return [.. path];
    }
}
