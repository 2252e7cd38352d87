using System.Runtime.CompilerServices;
using Tokenwright;

namespace Rogue;

/// <summary>Parts that do, when their option says so, what a part must not do.</summary>
internal static class Mischief
{
    /// <summary>What every part can do: throw, or hang as long as a file is there.</summary>
    public static void Do(string rogue)
    {
        if (rogue == "throw")
        {
            throw new InvalidOperationException("no mood");
        }

        if (rogue.StartsWith("hang:", StringComparison.Ordinal))
        {
            while (File.Exists(rogue["hang:".Length..]))
            {
                Thread.Sleep(1);
            }
        }
    }
}

[DecodingMethod("rogue", "Misbehaves.")]
public sealed class RogueMethod : IDecodingMethod
{
    [Option("method-rogue", "What to do wrong.")]
    public string Rogue { get; set; } = "";

    public Recipe Recipe
    {
        get
        {
            Mischief.Do(Rogue);
            return new();
        }
    }
}

[Drafter("rogue", "Misbehaves.")]
public sealed class RogueDrafter : IDrafter
{
    [Option("draft-rogue", "What to do wrong.")]
    public string Rogue { get; set; } = "";

    public ProposalModes Proposes => ProposalModes.Deterministic | ProposalModes.Independent;

    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        Mischief.Do(Rogue);
        switch (Rogue)
        {
            case "token":
                tree.Add(0, 257);
                break;
            case "negative":
                tree.Add(0, -1);
                break;
            case "score":
                tree.Add(0, 1, float.NaN);
                break;
            case "proposal":
                var q = new Distribution(257);
                q.Change().Fill(float.NaN);
                tree.Propose(0, ProposalModes.Independent, q);
                tree.Add(0, 1);
                break;
            case "cycle":
                tree.Add(1, 1);
                break;
            case "late":
                return Late();
            case "cancelled":
                throw new OperationCanceledException();
        }

        return default;
    }

    public void Observe(in Observation observation)
    {
        if (Rogue == "observe")
        {
            throw new InvalidOperationException("it saw enough.");
        }
    }

    private static async ValueTask Late()
    {
        await Task.Yield();
        throw new InvalidOperationException("late.");
    }
}

[Verifier("rogue", "Misbehaves.")]
public sealed class RogueVerifier : IVerifier
{
    [Option("verify-rogue", "What to do wrong.")]
    public string Rogue { get; set; } = "";

    public ProposalModes Accepts => ProposalModes.Any;

    public void Verify(Verification verification)
    {
        Mischief.Do(Rogue);
        switch (Rogue)
        {
            case "nothing":
                return;
            case "token":
                verification.Finish(999);
                return;
            case "node":
                verification.Keep(99);
                return;
            case "twice":
                verification.Finish(verification.Pick(0));
                break;
        }

        verification.Finish(verification.Pick(0));
    }
}

[LogitsProcessor("rogue", "Misbehaves.")]
public sealed class RogueProcessor : ILogitsProcessor
{
    [Option("shape-rogue", "What to do wrong.")]
    public string Rogue { get; set; } = "";

    public ShapeStage Stage => ShapeStage.Penalty;
    public bool IsActive => Rogue.Length > 0;
    public bool ChangesArgMax => true;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        Mischief.Do(Rogue);
        switch (Rogue)
        {
            case "nan":
                row.Change()[7] = float.NaN;
                break;
            case "infinity":
                row.Change()[7] = float.PositiveInfinity;
                break;
            case "nothing":
                row.Change().Fill(float.NegativeInfinity);
                break;
            case "ids":
                row.Load([999], [0f]);
                break;
            case "shape":
                row.Load(new float[3]);
                break;
        }
    }
}

[TokenConstraint("rogue", "Misbehaves.")]
public sealed class RogueConstraint : ITokenConstraint
{
    [Option("mask-rogue", "What to do wrong.")]
    public string Rogue { get; set; } = "";

    public bool IsActive => Rogue.Length > 0;
    public ShapeState Start => default;

    public void Mask(in ShapeState state, Span<ulong> allowed)
    {
        Mischief.Do(Rogue);
        allowed.Fill(Rogue == "nothing" ? 0 : ulong.MaxValue);
    }

    public ShapeState Next(in ShapeState state, int token) =>
        Rogue == "next" ? throw new InvalidOperationException("no way on.") : state;

    public bool Allows(in ShapeState state, int token) => true;
}

[TargetDecorator("rogue", "Misbehaves.")]
public sealed class RogueTarget : ITargetDecorator
{
    [Option("target-rogue", "What to do wrong.")]
    public string Rogue { get; set; } = "";

    public ICausalModel Decorate(ICausalModel target) => new Model(target, Rogue);

    private sealed class Model(ICausalModel inner, string rogue) : ICausalModel
    {
        public ModelInfo Info => inner.Info;
        public Capabilities Capabilities => Capabilities.None;

        public string Explain(Capabilities missing) => "A rogue offers nothing.";

        public ISequence CreateSequence() => rogue == "sequence" ? null! : new Sequence(inner.CreateSequence(), rogue);

        public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default)
        {
            Mischief.Do(rogue);
            ForwardItem[] mine = [.. items.ToArray().Select(item => item with { Sequence = ((Sequence)item.Sequence).Inner })];
            return inner.ForwardAsync(mine, cancellation);
        }

        public void Dispose() { }
    }

    private sealed class Sequence(ISequence inner, string rogue) : ISequence, IRows
    {
        public ISequence Inner => inner;
        public ReadOnlySpan<int> Tokens => inner.Tokens;
        public int Provisional => inner.Provisional;
        public IRows Rows => rogue == "rows" ? null! : this;
        public int Count => inner.Rows.Count;

        public void Commit(ReadOnlySpan<int> path) => inner.Commit(path);

        public void Commit(int count) => inner.Commit(count);

        public void Drop() => inner.Drop();

        public void Rewind(int length) => inner.Rewind(length);

        public ISequence Fork(int length) => throw new NotSupportedException();

        public int ArgMax(int row) => rogue == "likeliest" ? -7 : inner.Rows.ArgMax(row);

        public void TopK(int row, Span<int> ids, Span<float> logits) => inner.Rows.TopK(row, ids, logits);

        public ReadOnlySpan<float> Logits(int row)
        {
            if (rogue == "short")
            {
                return new float[3];
            }

            float[] logits = inner.Rows.Logits(row).ToArray();
            if (rogue == "nan")
            {
                logits[3] = float.NaN;
            }

            return logits;
        }

        public ReadOnlySpan<float> Hidden(int row) => throw new NotSupportedException();

        public void Dispose() => inner.Dispose();
    }
}

[DecodingLoop("rogue", "Misbehaves.")]
public sealed class RogueLoop : IDecodingLoop
{
    [Option("loop-rogue", "What to do wrong.")]
    public string Rogue { get; set; } = "";

    public IAsyncEnumerable<Step> RunAsync(Generation generation, CancellationToken cancellation = default) =>
        Rogue == "no-steps" ? null! : Steps(generation, cancellation);

    private async IAsyncEnumerable<Step> Steps(Generation generation, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Mischief.Do(Rogue);
        switch (Rogue)
        {
            case "null":
                yield return null!;
                break;
            case "early":
                yield break;
            case "idle":
                while (true)
                {
                    yield return new Step();
                }

            case "beyond":
                while (true)
                {
                    generation.Emit('x');
                }
        }

        using var sequence = generation.Target.CreateSequence();
        var verification = generation.Verification;
        var fed = generation.TokensFrom(0);
        try
        {
            while (!generation.IsFinished)
            {
                verification.Begin(0);
                verification.Tree.Arrange(fed.Length - 1);
                var item = new ForwardItem
                {
                    Sequence = sequence,
                    Tokens = fed,
                    Parents = Rogue == "parents" ? Enumerable.Repeat(0, fed.Length).ToArray() : default,
                    Wanted = generation.Wanted(RowSelection.Last),
                };
                await generation.Target.ForwardAsync(new[] { item }, cancellation);
                verification.Bind(sequence.Rows);
                generation.Verifier.Verify(verification);
                sequence.Commit(fed.Length);
                verification.End();
                yield return generation.TakeStep();
                fed = generation.TokensFrom(generation.Tokens.Length - 1);
            }
        }
        finally
        {
            if (Rogue == "dispose")
            {
                throw new InvalidOperationException("cannot end.");
            }
        }
    }
}
