using System.Buffers;

namespace Tokenwright.Plugins.JsonSchema.Masks;

/// <summary>A set of tokens: bits when many, a list when few.</summary>
internal sealed class TokenSet
{
    private TokenSet(ulong[]? bits, int[] list) => (Bits, List) = (bits, list);

    public static TokenSet Empty { get; } = new(null, []);
    public ulong[]? Bits { get; }
    public int[] List { get; }
    public bool IsEmpty => Bits is null && List.Length == 0;

    public static TokenSet Of(ulong[] bits) => new(bits, []);

    /// <summary>Room for a set that is to be kept: large, without references and long-lived, so no collection should copy it.</summary>
    public static ulong[] NewBits(int words) => GC.AllocateArray<ulong>(words, pinned: true);

    public static TokenSet Of(ReadOnlySpan<int> tokens, int words)
    {
        if (tokens.IsEmpty)
            return Empty;
        if (tokens.Length < words / 2)
            return new(null, tokens.ToArray());
        var bits = NewBits(words);
        foreach (var token in tokens)
            bits[token >> 6] |= 1ul << token;
        return new(bits, []);
    }
}

/// <summary>Gathers a set of tokens, each given once, in rented memory: a walk meets up to a whole vocabulary.</summary>
internal sealed class TokenCollector(int words)
{
    private int[]? _list = ArrayPool<int>.Shared.Rent(Math.Max(16, words / 2));
    private ulong[]? _bits;
    private int _count;

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<int> tokens)
    {
        if (_bits is null && _count + tokens.Length < words / 2)
        {
            tokens.CopyTo(_list.AsSpan(_count));
            _count += tokens.Length;
            return;
        }
        if (_bits is null)
        {
            _bits = TokenSet.NewBits(words);
            Set(_bits, _list.AsSpan(0, _count));
        }
        Set(_bits, tokens);
    }

    /// <summary>The set; nothing more may be added.</summary>
    public TokenSet ToSet()
    {
        var set =
            _bits is not null ? TokenSet.Of(_bits)
            : _count == 0 ? TokenSet.Empty
            : TokenSet.Of(_list.AsSpan(0, _count), words);
        ArrayPool<int>.Shared.Return(_list!);
        _list = null;
        return set;
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    private static void Set(ulong[] bits, ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens)
            bits[token >> 6] |= 1ul << token;
    }
}
