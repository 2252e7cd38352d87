namespace Tokenwright.Plugins.Standard;

/// <summary>How often each token occurs on a path, kept from call to call: only where the path differs from the last one is anything recounted.</summary>
/// <remarks>
/// The remembered path is compared before it is trusted, so the next call may be for another branch or another sequence.
/// Allocates nothing after construction while paths stay within the context.
/// </remarks>
internal sealed class TokenCounts
{
    private readonly int[] _count;
    private readonly int[] _distinct;
    private readonly int[] _place;
    private int[] _path;
    private int _length;
    private int _distinctCount;

    /// <param name="model">Gives the vocabulary's size and the longest path.</param>
    public TokenCounts(ModelInfo model)
    {
        _count = new int[model.VocabularySize];
        _distinct = new int[model.VocabularySize];
        _place = new int[model.VocabularySize];
        _path = new int[model.ContextLength];
    }

    /// <summary>The tokens that occur, in no order.</summary>
    public ReadOnlySpan<int> Tokens => _distinct.AsSpan(0, _distinctCount);

    /// <summary>How often a token occurs.</summary>
    public int this[int token] => _count[token];

    /// <summary>Moves to a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="outputOnly">Whether the prompt is left out.</param>
    public void MoveTo(in TokenPath path, bool outputOnly)
    {
        var head = outputOnly ? path.Committed[path.PromptLength..] : path.Committed;
        var tail = path.Draft;
        int common = _path.AsSpan(0, _length).CommonPrefixLength(head);
        if (common == head.Length)
        {
            common += _path.AsSpan(common, _length - common).CommonPrefixLength(tail);
        }

        while (_length > common)
        {
            Remove(_path[--_length]);
        }

        int total = head.Length + tail.Length;
        if (_path.Length < total)
        {
            Array.Resize(ref _path, Math.Max(total, _path.Length * 2));
        }

        while (_length < head.Length)
        {
            Add(head[_length]);
        }

        while (_length < total)
        {
            Add(tail[_length - head.Length]);
        }
    }

    private void Add(int token)
    {
        _path[_length++] = token;
        if (_count[token]++ == 0)
        {
            _place[token] = _distinctCount;
            _distinct[_distinctCount++] = token;
        }
    }

    private void Remove(int token)
    {
        if (--_count[token] == 0)
        {
            int last = _distinct[--_distinctCount];
            _distinct[_place[token]] = last;
            _place[last] = _place[token];
        }
    }
}
