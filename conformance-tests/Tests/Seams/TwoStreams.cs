namespace Tokenwright.Tests.Seams;

/// <summary>Decodes from the contrast of two readings of one text by one model: (1 + strength)·plain − strength·other, the other reading every token as the next id.</summary>
internal sealed class TwoStreams(float strength) : ITargetDecorator
{
    public Capabilities Needs => Capabilities.Batch;

    public ICausalModel Decorate(ICausalModel target) => new Contrast(target, strength);

    private sealed class Contrast(ICausalModel target, float strength) : ICausalModel
    {
        private readonly ForwardItem[] _items = new ForwardItem[2];

        public ModelInfo Info => target.Info;

        // Re-derived from the streams' own; hidden states and routing of the contrast do not exist.
        public Capabilities Capabilities => target.Capabilities & (Capabilities.Tree | Capabilities.Rewind);

        public string Explain(Capabilities missing) => $"The contrast of two streams has no {missing}.";

        public ISequence CreateSequence() => new Pair(target);

        public async ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default)
        {
            for (int i = 0; i < items.Length; i++)
            {
                var item = items.Span[i];
                var pair = (Pair)item.Sequence;
                var wanted = new Wanted(Logits: item.Wanted.Scored);
                var other = item.Tokens.ToArray();
                for (int t = 0; t < other.Length; t++)
                {
                    other[t] = (other[t] + 1) % Info.VocabularySize;
                }

                _items[0] = item with { Sequence = pair.Plain, Wanted = wanted };
                _items[1] = item with { Sequence = pair.Other, Tokens = other, Wanted = wanted };
                await target.ForwardAsync(_items, cancellation);
                pair.Mix(item.Wanted.Scored, strength);
            }
        }

        public void Dispose() { }
    }

    private sealed class Pair(ICausalModel target) : ISequence, IRows
    {
        private readonly int _vocabulary = target.Info.VocabularySize;
        private float[][] _logits = [];

        public ISequence Plain { get; private init; } = target.CreateSequence();

        public ISequence Other { get; private init; } = target.CreateSequence();

        public ReadOnlySpan<int> Tokens => Plain.Tokens;

        public int Provisional => Plain.Provisional;

        public IRows Rows => this;

        public int Count => _logits.Length;

        public void Mix(RowSelection scored, float strength)
        {
            _logits = new float[Plain.Rows.Count][];
            for (
                int row = scored == RowSelection.All ? 0 : _logits.Length - 1;
                scored != RowSelection.None && row < _logits.Length;
                row++
            )
            {
                var plain = Plain.Rows.Logits(row);
                var other = Other.Rows.Logits(row);
                _logits[row] = new float[_vocabulary];
                for (int t = 0; t < _vocabulary; t++)
                {
                    _logits[row][t] = (1 + strength) * plain[t] - strength * other[t];
                }
            }
        }

        public ReadOnlySpan<float> Logits(int row) => _logits[row];

        public int ArgMax(int row) => Tokenwright.TopK.ArgMax(_logits[row]);

        public void TopK(int row, Span<int> ids, Span<float> logits) => Tokenwright.TopK.Select(_logits[row], ids, logits);

        public ReadOnlySpan<float> Hidden(int row) => throw new InvalidOperationException("Not wanted: there is none.");

        public void Commit(ReadOnlySpan<int> path)
        {
            Plain.Commit(path);
            Other.Commit(path);
        }

        public void Commit(int count)
        {
            Plain.Commit(count);
            Other.Commit(count);
        }

        public void Drop()
        {
            Plain.Drop();
            Other.Drop();
        }

        public void Rewind(int length)
        {
            Plain.Rewind(length);
            Other.Rewind(length);
        }

        public ISequence Fork(int length) => throw new NotSupportedException();

        public void Dispose()
        {
            Plain.Dispose();
            Other.Dispose();
        }
    }
}
