using System.Text;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>
/// A vocabulary and, as further tokens, random pieces of JSON texts: they run over the ends of keys and values and cut characters, as tokens
/// of a real vocabulary rarely do.
/// </summary>
internal sealed class FragmentVocabulary : IVocabulary
{
    private const int Longest = 16;
    private readonly IVocabulary _inner;
    private readonly byte[][] _fragments;

    /// <param name="inner">The vocabulary; has a token for every byte.</param>
    /// <param name="texts">What the pieces are cut from.</param>
    /// <param name="count">How many are cut.</param>
    /// <param name="random">Decides which.</param>
    public FragmentVocabulary(IVocabulary inner, IReadOnlyList<string> texts, int count, Random random)
    {
        _inner = inner;
        var known = new HashSet<string>();
        for (var id = 0; id < inner.Size; id++)
            known.Add(Encoding.Latin1.GetString(inner.Bytes(id)));
        var fragments = new List<byte[]>();
        for (var i = 0; i < count; i++)
        {
            var text = texts[random.Next(texts.Count)];
            // Members and items that come twice: a key must not, and what may follow an item changes.
            if (random.Next(4) == 0 && text.Length > 2)
                text = text[1..^1] + "," + text[1..^1];
            var bytes = Encoding.UTF8.GetBytes(text);
            var from = random.Next(bytes.Length);
            var piece = bytes[from..Math.Min(bytes.Length, from + random.Next(2, Longest))];
            if (known.Add(Encoding.Latin1.GetString(piece)))
                fragments.Add(piece);
        }
        _fragments = [.. fragments];
    }

    public int Size => _inner.Size + _fragments.Length;

    public ReadOnlySpan<byte> Bytes(int id) => id < _inner.Size ? _inner.Bytes(id) : _fragments[id - _inner.Size];

    public bool IsSpecial(int id) => id < _inner.Size && _inner.IsSpecial(id);
}
