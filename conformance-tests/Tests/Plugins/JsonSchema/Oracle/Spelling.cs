using System.Text;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>All ways to write one piece of a document: a small automaton over bytes that begins in state 0.</summary>
internal abstract class Spelling
{
    /// <summary>The state after one more byte, or -1.</summary>
    public abstract int Next(int state, byte value);

    /// <summary>Whether the piece may end in a state.</summary>
    public abstract bool IsEnd(int state);

    /// <summary>One of some texts.</summary>
    public static Spelling OneOf(IEnumerable<byte[]> texts) => new Texts(texts);

    /// <summary>A number that is not zero, its shortest text given: zeros may follow its fraction, without end.</summary>
    public static Spelling Number(string shortest) => new Zeros(shortest);

    /// <summary>At most so many bytes of white space.</summary>
    public static Spelling Gap(int most) => new Spaces(most);

    /// <summary>A character inside a string.</summary>
    /// <param name="character">The character.</param>
    /// <param name="isKey">Whether the string is a key: there what can be printed in ASCII is written as it is, where it can be.</param>
    public static Spelling Character(Rune character, bool isKey)
    {
        var value = character.Value;
        var isRaw = value >= 0x20 && value is not ('"' or '\\');
        var texts = new List<string>();
        if (isRaw)
            texts.Add(character.ToString());
        if (isKey && isRaw && value < 0x7F)
            return OneOf(texts.Select(Encoding.UTF8.GetBytes));
        if ("\"\\/\b\f\n\r\t".IndexOf((char)value, StringComparison.Ordinal) is var at && at >= 0 && value < 0x80)
            texts.Add("\\" + "\"\\/bfnrt"[at]);
        IEnumerable<string> escapes = [""];
        foreach (var unit in character.ToString())
        {
            escapes = escapes.Select(e => e + "\\u");
            foreach (var digit in ((int)unit).ToString("x4", System.Globalization.CultureInfo.InvariantCulture))
                escapes = escapes.SelectMany(e =>
                    char.IsAsciiLetter(digit) ? [e + digit, e + char.ToUpperInvariant(digit)] : new[] { e + digit }
                );
        }
        texts.AddRange(escapes);
        return OneOf(texts.Select(Encoding.UTF8.GetBytes));
    }

    private sealed class Texts : Spelling
    {
        private readonly List<Dictionary<byte, int>> _next =
        [
            [],
        ];
        private readonly HashSet<int> _ends = [];

        public Texts(IEnumerable<byte[]> texts)
        {
            foreach (var text in texts)
            {
                var state = 0;
                foreach (var value in text)
                {
                    if (!_next[state].TryGetValue(value, out var next))
                    {
                        next = _next.Count;
                        _next[state].Add(value, next);
                        _next.Add([]);
                    }
                    state = next;
                }
                _ends.Add(state);
            }
        }

        public override int Next(int state, byte value) => _next[state].GetValueOrDefault(value, -1);

        public override bool IsEnd(int state) => _ends.Contains(state);
    }

    private sealed class Zeros(string shortest) : Spelling
    {
        private readonly bool _hasPoint = shortest.Contains('.', StringComparison.Ordinal);

        public override int Next(int state, byte value)
        {
            var past = state - shortest.Length;
            return past < 0 ? (shortest[state] == value ? state + 1 : -1)
                : _hasPoint ? (value == '0' ? state : -1)
                : past == 0 ? (value == '.' ? state + 1 : -1)
                : value == '0' ? shortest.Length + 2
                : -1;
        }

        public override bool IsEnd(int state) => state == shortest.Length || state == shortest.Length + 2;
    }

    private sealed class Spaces(int most) : Spelling
    {
        public override int Next(int state, byte value) =>
            state < most && value is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r' ? state + 1 : -1;

        public override bool IsEnd(int state) => true;
    }
}
