using System.Text;
using Tokenwright.Host;

namespace Tokenwright.Conformance;

/// <summary>A model whose likeliest continuation of a prompt of known length is a script. Tokens 0 to 255 are bytes, 256 ends the text.</summary>
public sealed class ScriptedModel(string script, int promptLength = 1) : ICausalModel
{
    public const int End = 256;
    private readonly byte[] _script = Encoding.UTF8.GetBytes(script);

    public int Disposed { get; private set; }

    public Action<int>? Forwarding { get; init; }

    public ModelInfo Info { get; } = new("scripted", 257, 200, [End]);

    public Capabilities Capabilities { get; init; }

    public string Explain(Capabilities missing) => "A script is only text. Take a real model.";

    public ISequence CreateSequence() => new Sequence(this);

    public LoadedModel Loaded() => new(this, new Bytes(), text => [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)]);

    public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default)
    {
        foreach (var item in items.Span)
        {
            var sequence = (Sequence)item.Sequence;
            Forwarding?.Invoke(sequence.Tokens.Length);
            cancellation.ThrowIfCancellationRequested();
            sequence.Feed(item.Tokens.Span);
        }

        return default;
    }

    public void Dispose() => Disposed++;

    private int Next(int length) => length - promptLength is var at && at < _script.Length ? _script[at] : End;

    private sealed class Sequence(ScriptedModel model) : ISequence, IRows
    {
        private readonly List<int> _tokens = [];
        private readonly List<int> _fed = [];

        public ReadOnlySpan<int> Tokens => _tokens.ToArray();
        public int Provisional => _fed.Count;
        public IRows Rows => this;
        public int Count => _fed.Count;

        private int _start;

        public void Feed(ReadOnlySpan<int> tokens)
        {
            _start = _tokens.Count;
            _fed.Clear();
            _fed.AddRange(tokens);
        }

        public void Commit(ReadOnlySpan<int> path)
        {
            foreach (int row in path)
            {
                _tokens.Add(_fed[row]);
            }
        }

        public void Commit(int count) => _tokens.AddRange(_fed.Take(count));

        public void Drop() => _fed.Clear();

        public void Rewind(int length) => throw new NotSupportedException();

        public ISequence Fork(int length) => throw new NotSupportedException();

        public int ArgMax(int row) => model.Next(_start + row + 1);

        public void TopK(int row, Span<int> ids, Span<float> logits) => Tokenwright.TopK.Select(Logits(row), ids, logits);

        public ReadOnlySpan<float> Logits(int row)
        {
            var logits = new float[257];
            logits[ArgMax(row)] = 10;
            return logits;
        }

        public ReadOnlySpan<float> Hidden(int row) => throw new NotSupportedException();

        public void Dispose() { }
    }

    private sealed class Bytes : IVocabulary
    {
        private static readonly byte[] All = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

        public int Size => 257;

        // The end token has bytes on purpose: they must not become text.
        ReadOnlySpan<byte> IVocabulary.Bytes(int id) => id == End ? "<end>"u8 : All.AsSpan(id, 1);

        public bool IsSpecial(int id) => id == End;
    }
}
