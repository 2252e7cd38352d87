using System.Numerics.Tensors;

namespace Tokenwright.Host;

/// <summary>A processor whose rows are checked before the next part sees them.</summary>
internal sealed class GuardedProcessor(ILogitsProcessor inner, PartInfo part, Watch watch) : ILogitsProcessor
{
    public Capabilities Needs => inner.Needs;

    public ShapeStage Stage => inner.Stage;

    public bool IsActive => inner.IsActive;

    public bool ChangesArgMax => inner.ChangesArgMax;

    public bool TakesArgMax => inner.TakesArgMax;

    public ShapeState Start => inner.Start;

    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
        inner.PrepareAsync(context, cancellation);

    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        var before = watch.Enter(part);
        try
        {
            inner.Apply(path, state, row);
            Check(row);
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
    }

    public ShapeState Next(in ShapeState state, Distribution row, int token)
    {
        var before = watch.Enter(part);
        ShapeState next;
        try
        {
            next = inner.Next(state, row, token);
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
        return next;
    }

    // One pass over what is left: the largest logit is NaN where any is, infinite where any is, and −∞ where nothing is left.
    private static void Check(Distribution row)
    {
        if (row.Count == 0 || !float.IsFinite(TensorPrimitives.Max(row.Logits)))
        {
            throw new InvalidOperationException("after it the row is empty, or holds NaN or infinity.");
        }

        var ids = row.Ids;
        if (!ids.IsEmpty && (TensorPrimitives.Min(ids) < 0 || TensorPrimitives.Max(ids) >= row.VocabularySize))
        {
            throw new InvalidOperationException($"after it the row holds ids beyond the vocabulary of {row.VocabularySize}.");
        }
    }
}
