using System.Buffers;
using System.Text;
using Tokenwright.Plugins.JsonSchema.Regular;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <content>Reads keys: those that properties name side by side with all others, escapes included.</content>
internal sealed partial class Automaton
{
    private static void StartKey(in Thread thread, ObjectFrame frame, List<Thread> into)
    {
        var (rules, unnamed) = (frame.Members.Rules, frame.UnnamedStart);
        if (unnamed != ByteDfa.Dead || frame.CanAddOf(0, rules.Names.Length))
            into.Add(thread with { Phase = Phase.Key, Gap = 0, State = unnamed, Detail = rules.FirstKey });
    }

    private void StepKey(in Thread thread, byte value, List<Thread> into)
    {
        var key = (KeyState)thread.Detail!;
        var frame = (ObjectFrame)thread.Top!;
        var members = frame.Members;
        if (key.Escape.Length == 0 && value == '"')
        {
            CloseKey(thread, key, frame, into);
            return;
        }
        var unnamed = thread.State == ByteDfa.Dead ? ByteDfa.Dead : Keys.Next(thread.State, value);
        if (key.Find(value) is { } known)
        {
            if (unnamed != ByteDfa.Dead || frame.CanAddOf(known.Low, known.High))
                into.Add(thread with { State = unnamed, Detail = known });
            return;
        }
        int low = key.Low,
            high = key.High;
        var names = members.Rules.Names;
        Span<byte> more = stackalloc byte[4];
        byte[] escape = [];
        if (key.Escape.Length > 0 || value == '\\')
        {
            escape = [.. key.Escape, value];
            var scalar = Unescape(escape);
            if (scalar == Malformed || StringDfa.IsPlainInKey(scalar))
                return;
            more = more[..(scalar >= 0 ? new Rune(scalar).EncodeToUtf8(more) : 0)];
            if (scalar >= 0)
                escape = [];
        }
        else if (value < 0x20)
            return;
        else
        {
            more[0] = value;
            more = more[..1];
        }
        var length = key.Text.Length;
        foreach (var b in more)
            (low, high) = Narrow(names, low, high, length++, b);
        if (unnamed == ByteDfa.Dead && !CanBeNamed(frame, low, high, length, escape))
            return;
        var bytes = low < high ? names[low] : [.. key.Text, .. more];
        into.Add(thread with { State = unnamed, Detail = Key(key, value, new KeyState(low, high, bytes, length, escape)) });
    }

    /// <summary>Keeps the way from one half-read key to the next where it leads along a name: there are no more of these than bytes of names.</summary>
    private static KeyState Key(KeyState from, byte value, KeyState next)
    {
        if (next.Low < next.High && next.Escape.Length == 0 && from.Escape.Length == 0)
            from.Keep(value, next);
        return next;
    }

    /// <summary>The names in a range whose byte at a depth is the given one.</summary>
    public static (int Low, int High) Narrow(byte[][] names, int low, int high, int depth, byte value)
    {
        while (low < high && (names[low].Length <= depth || names[low][depth] < value))
            low++;
        var end = low;
        while (end < high && names[end][depth] == value)
            end++;
        return (low, end);
    }

    private static bool CanBeNamed(ObjectFrame frame, int low, int high, int depth, byte[] escape)
    {
        if (escape.Length == 0)
            return frame.CanAddOf(low, high);
        for (var i = low; i < high; i++)
        {
            if (frame.CanAdd(i) && CanSpell(frame.Members.Rules.Names[i].AsSpan(depth), escape))
                return true;
        }
        return false;
    }

    /// <summary>Whether some escaped spelling of the first character begins with what was typed.</summary>
    private static bool CanSpell(ReadOnlySpan<byte> rest, byte[] escape)
    {
        // What was typed may end inside a character: that one cannot be finished by an escape.
        if (Rune.DecodeFromUtf8(rest, out var rune, out _) != OperationStatus.Done || StringDfa.IsPlainInKey(rune.Value))
            return false;
        if (escape.Length == 1)
            return true;
        if (escape[1] != 'u')
            return false;
        Span<char> units = stackalloc char[2];
        var count = rune.EncodeToUtf16(units);
        var spelled = new StringBuilder();
        for (var i = 0; i < count; i++)
            spelled.Append("\\u").Append(((int)units[i]).ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
        return spelled.ToString().StartsWith(Encoding.ASCII.GetString(escape).ToLowerInvariant(), StringComparison.Ordinal);
    }

    public const int Unfinished = -1;
    private const int Malformed = -2;

    /// <summary>The character an escape stands for, or that it is unfinished or malformed.</summary>
    public static int Unescape(ReadOnlySpan<byte> escape)
    {
        if (escape.Length == 1)
            return Unfinished;
        if (escape[1] != 'u')
        {
            return escape[1] switch
            {
                (byte)'"' or (byte)'\\' or (byte)'/' => escape[1],
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                _ => Malformed,
            };
        }
        var first = Hex(escape[2..], out var more);
        if (first == Malformed || more)
            return first == Malformed ? Malformed : Unfinished;
        if (first is < 0xD800 or > 0xDFFF)
            return first;
        if (first > 0xDBFF)
            return Malformed;
        if (escape.Length == 6)
            return Unfinished;
        if (escape[6] != '\\' || escape.Length > 7 && escape[7] != 'u')
            return Malformed;
        if (escape.Length <= 8)
            return Unfinished;
        var second = Hex(escape[8..], out more);
        if (second == Malformed || !more && second is < 0xDC00 or > 0xDFFF)
            return Malformed;
        return more ? Unfinished : 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    }

    private static int Hex(ReadOnlySpan<byte> digits, out bool more)
    {
        more = digits.Length < 4;
        var value = 0;
        for (var i = 0; i < Math.Min(4, digits.Length); i++)
        {
            var digit = StringDfa.HexDigit(digits[i]);
            if (digit < 0)
                return Malformed;
            value = value << 4 | digit;
        }
        return value;
    }

    private void CloseKey(in Thread thread, KeyState key, ObjectFrame frame, List<Thread> into)
    {
        var members = frame.Members;
        if (key.Low < key.High && members.Rules.Names[key.Low].Length == key.Text.Length)
        {
            if (frame.CanAdd(key.Low))
                NamedValues(frame, key.Low, thread.Text, into);
        }
        else if (thread.State != ByteDfa.Dead && Keys.CanClose(thread.State) && members.Extra?.Contains(key.Text) != true)
            UnnamedValues(frame, key.Text.ToArray(), thread.Text, into);
    }

    /// <summary>The ways to read the value of a named key: the object it belongs to, and what it must satisfy.</summary>
    public static void NamedValues(ObjectFrame frame, int name, Capture? text, List<Thread> into)
    {
        if (frame.Taken is null)
        {
            foreach (var (members, value) in frame.Members.With(name))
                into.Add(new(Phase.Colon, 0, 0, value, frame.With(members), text));
            return;
        }
        foreach (var (after, value) in frame.Values(name))
            into.Add(new(Phase.Colon, 0, 0, value, after.From(text), text));
    }

    /// <summary>The same for a key that no property names.</summary>
    public static void UnnamedValues(ObjectFrame frame, byte[] key, Capture? text, List<Thread> into)
    {
        if (frame.Taken is null)
        {
            foreach (var (members, value) in frame.Members.With(key))
                into.Add(new(Phase.Colon, 0, 0, value, new ObjectFrame(frame.Parent, members), text));
            return;
        }
        foreach (var (after, value) in frame.Values(key))
            into.Add(new(Phase.Colon, 0, 0, value, after.From(text), text));
    }
}
