namespace Tokenwright.Mutants;

/// <summary>Decodes from the model with its logits halved.</summary>
[Sound]
[TargetDecorator("halved", "The model with its logits halved.")]
public class Halved : ITargetDecorator
{
    public virtual ICausalModel Decorate(ICausalModel target) => new HalvedModel(target);
}

/// <summary>Delegates all but the logits.</summary>
public class HalvedModel(ICausalModel target) : ICausalModel
{
    protected ICausalModel Target { get; } = target;

    public ModelInfo Info => Target.Info;

    public virtual Capabilities Capabilities => Target.Capabilities & (Capabilities.Tree | Capabilities.Rewind);

    public string Explain(Capabilities missing) => $"Halved models have no {missing}.";

    public virtual ISequence CreateSequence() => new HalvedSequence(Target.CreateSequence());

    public virtual async ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default)
    {
        var inner = new ForwardItem[items.Length];
        for (int i = 0; i < inner.Length; i++)
        {
            var item = items.Span[i];
            inner[i] = item with
            {
                Sequence = ((HalvedSequence)item.Sequence).Inner,
                Parents = Parents(item),
                Wanted = new Wanted(Logits: item.Wanted.Scored),
            };
        }

        await Target.ForwardAsync(inner, cancellation).ConfigureAwait(false);
    }

    public virtual void Dispose() { }

    protected virtual ReadOnlyMemory<int> Parents(ForwardItem item) => item.Parents;
}

/// <summary>A sequence whose rows are halved.</summary>
public class HalvedSequence(ISequence inner) : ISequence, IRows
{
    public ISequence Inner { get; } = inner;

    public ReadOnlySpan<int> Tokens => Inner.Tokens;

    public int Provisional => Inner.Provisional;

    public IRows Rows => this;

    public int Count => Inner.Rows.Count;

    public virtual ReadOnlySpan<float> Logits(int row) => Inner.Rows.Logits(row).ToArray().Select(logit => logit / 2).ToArray();

    public int ArgMax(int row) => Tokenwright.TopK.ArgMax(Logits(row));

    public virtual void TopK(int row, Span<int> ids, Span<float> logits) => Tokenwright.TopK.Select(Logits(row), ids, logits);

    public ReadOnlySpan<float> Hidden(int row) => throw new InvalidOperationException("There are none.");

    public void Commit(ReadOnlySpan<int> path) => Inner.Commit(path);

    public void Commit(int count) => Inner.Commit(count);

    public void Drop() => Inner.Drop();

    public void Rewind(int length) => Inner.Rewind(length);

    public ISequence Fork(int length) => Inner.Fork(length);

    public virtual void Dispose() => Inner.Dispose();
}

// Offers trees and feeds them as chains.
[CaughtBy("TGT-002")]
[CaughtBy("TGT-010")]
[TargetDecorator("flattens-trees", "Wrong on purpose.")]
public sealed class FlattensTrees : Halved
{
    public override ICausalModel Decorate(ICausalModel target) => new Flat(target);

    private sealed class Flat(ICausalModel target) : HalvedModel(target)
    {
        protected override ReadOnlyMemory<int> Parents(ForwardItem item) => default;
    }
}

// Top-k is still the bare model's.
[CaughtBy("TGT-002")]
[TargetDecorator("shows-the-bare-model", "Wrong on purpose.")]
public sealed class ShowsTheBareModel : Halved
{
    public override ICausalModel Decorate(ICausalModel target) => new Bare(target);

    private sealed class Bare(ICausalModel target) : HalvedModel(target)
    {
        public override ISequence CreateSequence() => new Rows(Target.CreateSequence());
    }

    private sealed class Rows(ISequence inner) : HalvedSequence(inner)
    {
        public override void TopK(int row, Span<int> ids, Span<float> logits) =>
            Tokenwright.TopK.Select(Inner.Rows.Logits(row), ids, logits);
    }
}

// Halves every second row of a forward: what a row says depends on how it was fed.
[CaughtBy("TGT-001")]
[CaughtBy("TGT-020")]
[TargetDecorator("depends-on-the-forward", "Wrong on purpose.")]
public sealed class DependsOnTheForward : Halved
{
    public override ICausalModel Decorate(ICausalModel target) => new Model(target);

    private sealed class Model(ICausalModel target) : HalvedModel(target)
    {
        public override ISequence CreateSequence() => new Rows(Target.CreateSequence());
    }

    private sealed class Rows(ISequence inner) : HalvedSequence(inner)
    {
        public override ReadOnlySpan<float> Logits(int row) => row % 2 == 0 ? base.Logits(row) : Inner.Rows.Logits(row);
    }
}

// Never gives the sequence of the bare model back.
[CaughtBy("TGT-003")]
[TargetDecorator("leaks-a-sequence", "Wrong on purpose.")]
public sealed class LeaksASequence : Halved
{
    public override ICausalModel Decorate(ICausalModel target) => new Model(target);

    private sealed class Model(ICausalModel target) : HalvedModel(target)
    {
        public override ISequence CreateSequence() => new Rows(Target.CreateSequence());
    }

    private sealed class Rows(ISequence inner) : HalvedSequence(inner)
    {
        public override void Dispose() { }
    }
}
