using System.Globalization;

namespace Tokenwright.Plugins.JsonSchema.Regular;

/// <summary>A set of Unicode scalar values as sorted inclusive ranges [lo, hi, lo, hi, …].</summary>
internal sealed class CharSet : IEquatable<CharSet>
{
    public const int Last = 0x10FFFF;
    private readonly int[] _ranges;
    private readonly int _hash;

    private CharSet(int[] ranges)
    {
        _ranges = ranges;
        var hash = new HashCode();
        foreach (var bound in ranges)
            hash.Add(bound);
        _hash = hash.ToHashCode();
    }

    // First: the sets below are made with it.
    private static readonly CharSet[] OfAscii = [.. Enumerable.Range(0, 128).Select(c => new CharSet([c, c]))];

    public static CharSet Empty { get; } = new([]);

    /// <summary>Every scalar value: all code points but the surrogates.</summary>
    public static CharSet Any { get; } = new([0, 0xD7FF, 0xE000, Last]);
    public static CharSet Digit { get; } = Range('0', '9');
    public static CharSet Word { get; } = Of([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);

    /// <summary>White space as ECMA-262 defines it (white space and line terminators).</summary>
    public static CharSet Space { get; } =
        Of([
            (9, 13),
            (' ', ' '),
            (0xA0, 0xA0),
            (0x1680, 0x1680),
            (0x2000, 0x200A),
            (0x2028, 0x2029),
            (0x202F, 0x202F),
            (0x205F, 0x205F),
            (0x3000, 0x3000),
            (0xFEFF, 0xFEFF),
        ]);

    /// <summary>What a dot stands for: everything but the line terminators.</summary>
    public static CharSet Dot { get; } = Of([('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)]).Complement();

    public ReadOnlySpan<int> Ranges => _ranges;
    public bool IsEmpty => _ranges.Length == 0;

    /// <summary>How many characters it holds.</summary>
    public int Count => Pairs().Sum(range => range.High - range.Low + 1);

    public static CharSet Range(int low, int high) =>
        low == high && low < 128 ? OfAscii[low]
        : low <= high && (high < 0xD800 || low > 0xDFFF) ? new([low, high])
        : Of([(low, high)]);

    public static CharSet Of(IEnumerable<(int Low, int High)> ranges)
    {
        var sorted = ranges.Where(r => r.Low <= r.High).OrderBy(r => r.Low).ToList();
        var merged = new List<int>();
        foreach (var (low, high) in sorted)
        {
            if (merged.Count > 0 && low <= merged[^1] + 1)
                merged[^1] = Math.Max(merged[^1], high);
            else
            {
                merged.Add(low);
                merged.Add(high);
            }
        }
        return Cut(merged);
    }

    public bool Contains(int scalar)
    {
        int low = 0,
            high = _ranges.Length / 2 - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            if (scalar < _ranges[2 * middle])
                high = middle - 1;
            else if (scalar > _ranges[2 * middle + 1])
                low = middle + 1;
            else
                return true;
        }
        return false;
    }

    public CharSet Union(CharSet other)
    {
        var merged = new List<int>(_ranges.Length + other._ranges.Length);
        int i = 0,
            j = 0;
        while (i < _ranges.Length || j < other._ranges.Length)
        {
            var mine = j == other._ranges.Length || i < _ranges.Length && _ranges[i] <= other._ranges[j];
            var (low, high) = mine ? (_ranges[i], _ranges[i + 1]) : (other._ranges[j], other._ranges[j + 1]);
            _ = mine ? i += 2 : j += 2;
            if (merged.Count > 0 && low <= merged[^1] + 1)
                merged[^1] = Math.Max(merged[^1], high);
            else
            {
                merged.Add(low);
                merged.Add(high);
            }
        }
        return new([.. merged]);
    }

    public CharSet Complement()
    {
        var rest = new List<int>(_ranges.Length + 2);
        var next = 0;
        for (var i = 0; i <= _ranges.Length; i += 2)
        {
            var end = i < _ranges.Length ? _ranges[i] - 1 : Last;
            if (next <= end)
            {
                rest.Add(next);
                rest.Add(end);
            }
            next = i < _ranges.Length ? _ranges[i + 1] + 1 : next;
        }
        return Cut(rest);
    }

    public CharSet Intersect(CharSet other)
    {
        var common = new List<int>();
        for (int i = 0, j = 0; i < _ranges.Length && j < other._ranges.Length; )
        {
            int low = Math.Max(_ranges[i], other._ranges[j]),
                high = Math.Min(_ranges[i + 1], other._ranges[j + 1]);
            if (low <= high)
            {
                common.Add(low);
                common.Add(high);
            }
            if (_ranges[i + 1] <= high)
                i += 2;
            else
                j += 2;
        }
        return new([.. common]);
    }

    public IEnumerable<(int Low, int High)> Pairs()
    {
        for (var i = 0; i < _ranges.Length; i += 2)
            yield return (_ranges[i], _ranges[i + 1]);
    }

    /// <summary>All scalar values that satisfy a predicate on their general category.</summary>
    public static CharSet Where(Func<int, bool> predicate)
    {
        var result = new List<(int, int)>();
        var start = -1;
        for (var c = 0; c <= Last + 1; c++)
        {
            var inside = c <= Last && c is < 0xD800 or > 0xDFFF && predicate(c);
            if (inside && start < 0)
                start = c;
            else if (!inside && start >= 0)
            {
                result.Add((start, c - 1));
                start = -1;
            }
        }
        return Of(result);
    }

    public static UnicodeCategory Category(int scalar) => CharUnicodeInfo.GetUnicodeCategory(scalar);

    public bool Equals(CharSet? other) =>
        other is not null && _hash == other._hash && _ranges.AsSpan().SequenceEqual(other._ranges);

    public override bool Equals(object? obj) => Equals(obj as CharSet);

    public override int GetHashCode() => _hash;

    /// <summary>Removes the surrogates, which no well-formed text holds.</summary>
    private static CharSet Cut(List<int> merged)
    {
        var result = new List<int>(merged.Count + 2);
        for (var i = 0; i < merged.Count; i += 2)
        {
            int low = merged[i],
                high = merged[i + 1];
            if (low < 0xD800)
            {
                result.Add(low);
                result.Add(Math.Min(high, 0xD7FF));
            }
            if (high > 0xDFFF)
            {
                result.Add(Math.Max(low, 0xE000));
                result.Add(Math.Min(high, Last));
            }
        }
        return new CharSet([.. result]);
    }
}
