using System.Numerics;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>
/// What the tokens of a vocabulary are spelled with, as bits of a set: one for each character of ASCII, one for each block of 64 other
/// characters (whose encodings differ in their last byte only), one for each way a token breaks off inside a character.
/// </summary>
internal sealed class Alphabet
{
    /// <summary>The bit of bytes that are no UTF-8 where they stand, and of what the vocabulary does not hold: never idle.</summary>
    public const int Unreadable = 128;
    private const int FirstBlock = Unreadable + 1;
    private readonly Dictionary<int, int> _bits = [];
    private readonly int[] _blocks;
    private readonly (int Low, int High)[] _broken;

    /// <param name="prefixes">Bytes of characters but the last, and of characters broken off earlier: packed, first byte highest.</param>
    public Alphabet(IEnumerable<int> prefixes)
    {
        var blocks = new List<(int Prefix, int Low)>();
        var broken = new List<(int Prefix, int Low, int High)>();
        foreach (var prefix in prefixes)
        {
            var (low, high) = Scalars(prefix);
            if (high - low < 64)
                blocks.Add((prefix, low & ~63));
            else
                broken.Add((prefix, low, high));
        }
        blocks.Sort((a, b) => a.Low.CompareTo(b.Low));
        foreach (var (prefix, _) in blocks)
            _bits.Add(prefix, FirstBlock + _bits.Count);
        foreach (var (prefix, _, _) in broken)
            _bits.Add(prefix, FirstBlock + _bits.Count);
        _blocks = [.. blocks.Select(b => b.Low)];
        _broken = [.. broken.Select(b => (b.Low, b.High))];
        Words = (FirstBlock + _bits.Count + 63) / 64;
        // Whole vectors, so that a comparison needs no remainder.
        Words = (Words + Vector<ulong>.Count - 1) / Vector<ulong>.Count * Vector<ulong>.Count;
        None = new ulong[Words];
    }

    /// <summary>Length of a set in 64-bit words.</summary>
    public int Words { get; }

    /// <summary>The set of no character.</summary>
    public ulong[] None { get; }

    /// <summary>First scalar value of each block, ascending; block <c>i</c> has bit <see cref="Unreadable"/> + 1 + <c>i</c>.</summary>
    public ReadOnlySpan<int> Blocks => _blocks;

    /// <summary>Scalar values that a character broken off can become; their bits follow those of the blocks.</summary>
    public ReadOnlySpan<(int Low, int High)> Broken => _broken;

    /// <summary>The bit of a prefix of a character.</summary>
    public int Bit(int prefix) => _bits.TryGetValue(prefix, out var bit) ? bit : Unreadable;

    public static int BlockBit(int block) => FirstBlock + block;

    public int BrokenBit(int broken) => FirstBlock + _blocks.Length + broken;

    /// <summary>Whether every bit of one set is in the other.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static bool IsSubset(ReadOnlySpan<ulong> inner, ReadOnlySpan<ulong> outer)
    {
        for (var i = 0; i < inner.Length; i += Vector<ulong>.Count)
        {
            if (Vector.AndNot(new Vector<ulong>(inner[i..]), new Vector<ulong>(outer[i..])) != Vector<ulong>.Zero)
                return false;
        }
        return true;
    }

    /// <summary>How many bytes follow a leading byte; -1 when it leads nothing.</summary>
    public static int Following(byte lead) =>
        lead switch
        {
            < 0x80 => 0,
            >= 0xC2 and <= 0xDF => 1,
            >= 0xE0 and <= 0xEF => 2,
            >= 0xF0 and <= 0xF4 => 3,
            _ => -1,
        };

    /// <summary>Which scalar values begin with some bytes; from low to high, ill-formed encodings left out at both ends.</summary>
    private static (int Low, int High) Scalars(int prefix)
    {
        var length =
            prefix > 0xFFFF ? 3
            : prefix > 0xFF ? 2
            : 1;
        var lead = (byte)(prefix >> 8 * (length - 1));
        var total = Following(lead) + 1;
        var scalar = lead & (0x7F >> total);
        for (var i = length - 2; i >= 0; i--)
            scalar = scalar << 6 | prefix >> 8 * i & 0x3F;
        var left = total - length;
        int low = scalar << 6 * left,
            high = low | (1 << 6 * left) - 1;
        low = Math.Max(
            low,
            total switch
            {
                2 => 0x80,
                3 => 0x800,
                _ => 0x10000,
            }
        );
        return (low, Math.Min(high, Regular.CharSet.Last));
    }
}
