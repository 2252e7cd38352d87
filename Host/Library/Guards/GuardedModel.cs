using System.Buffers;
using System.Numerics.Tensors;

namespace Tokenwright.Host;

/// <summary>What a target decorator made of the model: its rows are checked when they are read.</summary>
internal sealed class GuardedModel(ICausalModel inner, PartInfo part, Watch watch) : ICausalModel
{
    public ModelInfo Info { get; } = inner.Info;

    public Capabilities Capabilities => inner.Capabilities;

    public string Explain(Capabilities missing) => inner.Explain(missing);

    public ISequence CreateSequence() => new Sequence(this, Run(inner.CreateSequence));

    public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default)
    {
        var before = watch.Enter(part);
        var bare = ArrayPool<ForwardItem>.Shared.Rent(items.Length);
        try
        {
            for (int i = 0; i < items.Length; i++)
            {
                var item = items.Span[i];
                bare[i] = item with { Sequence = item.Sequence is Sequence guarded ? guarded.Inner : item.Sequence };
            }

            var forward = inner.ForwardAsync(bare.AsMemory(0, items.Length), cancellation);
            if (!forward.IsCompletedSuccessfully)
            {
                return Finish(forward, bare, before);
            }

            forward.GetAwaiter().GetResult();
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        ArrayPool<ForwardItem>.Shared.Return(bare, clearArray: true);
        watch.Leave(before);
        return default;
    }

    public void Dispose() => inner.Dispose();

    private async ValueTask Finish(ValueTask forward, ForwardItem[] bare, PartInfo? before)
    {
        try
        {
            await forward.ConfigureAwait(false);
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        ArrayPool<ForwardItem>.Shared.Return(bare, clearArray: true);
        watch.Leave(before);
    }

    private T Run<T>(Func<T> work)
    {
        var before = watch.Enter(part);
        try
        {
            return work()
                ?? throw new InvalidOperationException("the model it made gave nothing where a sequence was asked for.");
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }
        finally
        {
            watch.Leave(before);
        }
    }

    private void Blame(string what)
    {
        var error = new InvalidOperationException($"the model it made gave {what}.");
        watch.Blame(part, error);
        throw error;
    }

    private sealed class Sequence(GuardedModel model, ISequence inner) : ISequence, IRows
    {
        public ISequence Inner => inner;

        public ReadOnlySpan<int> Tokens => inner.Tokens;

        public int Provisional => inner.Provisional;

        public IRows Rows
        {
            get
            {
                if (inner.Rows is null)
                {
                    model.Blame("no rows");
                }

                return this;
            }
        }

        public int Count => inner.Rows.Count;

        public void Commit(ReadOnlySpan<int> path)
        {
            try
            {
                inner.Commit(path);
            }
            catch (Exception error) when (model.Blames(error))
            {
                throw;
            }
        }

        public void Commit(int count)
        {
            try
            {
                inner.Commit(count);
            }
            catch (Exception error) when (model.Blames(error))
            {
                throw;
            }
        }

        public void Drop() => inner.Drop();

        public void Rewind(int length) => inner.Rewind(length);

        public ISequence Fork(int length) => new Sequence(model, model.Run(() => inner.Fork(length)));

        public int ArgMax(int row)
        {
            int token = inner.Rows.ArgMax(row);
            if ((uint)token >= (uint)model.Info.VocabularySize)
            {
                model.Blame($"token {token} as the likeliest, which is not in the vocabulary of {model.Info.VocabularySize}");
            }

            return token;
        }

        public void TopK(int row, Span<int> ids, Span<float> logits)
        {
            inner.Rows.TopK(row, ids, logits);
            foreach (int token in ids)
            {
                if ((uint)token >= (uint)model.Info.VocabularySize)
                {
                    model.Blame(
                        $"token {token} among the likeliest, which is not in the vocabulary of {model.Info.VocabularySize}"
                    );
                }
            }
        }

        public ReadOnlySpan<float> Logits(int row)
        {
            var logits = inner.Rows.Logits(row);
            if (logits.Length != model.Info.VocabularySize)
            {
                model.Blame($"a row of {logits.Length} logits for a vocabulary of {model.Info.VocabularySize}");
            }

            if (!float.IsFinite(TensorPrimitives.Max(logits)))
            {
                model.Blame("a row whose logits are all −∞, or hold NaN or infinity");
            }

            return logits;
        }

        public ReadOnlySpan<float> Hidden(int row) => inner.Rows.Hidden(row);

        public void Dispose() => inner.Dispose();
    }

    private bool Blames(Exception error) => watch.Blame(part, error);
}
