namespace Tokenwright.Mutants;

/// <summary>Makes the tokens of the output less likely, once each.</summary>
[Sound]
[LogitsProcessor("shy", "Makes tokens of the output less likely.")]
public class Shy : ILogitsProcessor
{
    public virtual ShapeStage Stage => ShapeStage.Penalty;

    /// <summary>Off by default, so that it joins no recipe that has nothing to do with it.</summary>
    [Option("on", "Whether it does anything.")]
    public bool On { get; set; }

    public bool IsActive => On;

    public virtual bool ChangesArgMax => true;

    public virtual ShapeState Start => default;

    public virtual void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        var logits = row.ChangeDense();
        for (int i = path.PromptLength; i < path.Committed.Length; i++)
        {
            Lower(logits, path.Committed[i]);
        }

        foreach (int token in path.Draft)
        {
            Lower(logits, token);
        }
    }

    public virtual ShapeState Next(in ShapeState state, Distribution row, int token) => default;

    protected virtual void Lower(Span<float> logits, int token) => logits[token] -= 0.7f;
}

// Counts what it was shown instead of reading the path: branches that are never committed count too.
[CaughtBy("PRO-002")]
[LogitsProcessor("counts-calls", "Wrong on purpose.")]
public sealed class CountsCalls : Shy
{
    private int _calls;

    public override void Apply(in TokenPath path, in ShapeState state, Distribution row) =>
        row.ChangeDense()[path.Length % row.VocabularySize] -= 0.1f * _calls++;
}

// One history for all texts.
[CaughtBy("PRO-002")]
[CaughtBy("PRO-040")]
[LogitsProcessor("shares-its-history", "Wrong on purpose.")]
public sealed class SharesItsHistory : Shy
{
    private static readonly List<int> History = [];

    public override void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        lock (History)
        {
            History.Add(path.Length);
            row.ChangeDense()[History.Count % row.VocabularySize] -= 0.5f;
        }
    }
}

// Reads committed tokens alone: the same text has other penalties inside a draft.
[CaughtBy("PRO-003")]
[CaughtBy("PRO-010")]
[CaughtBy("PRO-020")]
[LogitsProcessor("forgets-the-draft", "Wrong on purpose.")]
public sealed class ForgetsTheDraft : Shy
{
    public override void Apply(in TokenPath path, in ShapeState state, Distribution row) =>
        base.Apply(new TokenPath(path.Committed, path.PromptLength, []), state, row);
}

// Sets a least logit and so gives forbidden tokens a chance.
[CaughtBy("PRO-004")]
[CaughtBy("PRO-030")]
[LogitsProcessor("revives", "Wrong on purpose.")]
public sealed class Revives : Shy
{
    public override ShapeStage Stage => ShapeStage.MinP;

    public override void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        foreach (ref float logit in row.Change())
        {
            logit = Math.Max(logit, -2);
        }
    }
}

// Says that it cannot change the most likely token, and greedy decoding skips it.
[CaughtBy("PRO-005")]
[LogitsProcessor("changes-the-arg-max", "Wrong on purpose.")]
public sealed class ChangesTheArgMaxAfterAll : Shy
{
    public override bool ChangesArgMax => false;
}

// Divides by zero where the row is flat.
[CaughtBy("PRO-001")]
[LogitsProcessor("makes-nan", "Wrong on purpose.")]
public sealed class MakesNan : Shy
{
    public override void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        var logits = row.Change();
        float least = logits[0];
        foreach (float logit in logits)
        {
            least = Math.Min(least, logit);
        }

        foreach (ref float logit in logits)
        {
            logit -= least;
        }
    }
}

// Cuts everything below a fixed logit, also when that is all.
[CaughtBy("PRO-001")]
[LogitsProcessor("leaves-nothing", "Wrong on purpose.")]
public sealed class LeavesNothing : Shy
{
    public override void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        foreach (ref float logit in row.Change())
        {
            logit = logit < 2.9f ? float.NegativeInfinity : logit;
        }
    }
}

// Turns a cut row round and leaves it out of order.
[CaughtBy("PRO-001")]
[LogitsProcessor("loses-the-order", "Wrong on purpose.")]
public sealed class LosesTheOrder : Shy
{
    public override ShapeStage Stage => ShapeStage.Typical;

    public override void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        foreach (ref float logit in row.Change())
        {
            logit = -logit;
        }
    }
}

// A state that is changed in place: siblings see one another's tokens.
[CaughtBy("PRO-006")]
[LogitsProcessor("moves-its-state", "Wrong on purpose.")]
public sealed class MovesItsState : Shy
{
    public override ShapeState Start { get; } = new(0, new List<int>());

    public override void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        foreach (int token in (List<int>)(state.Object ?? new List<int>()))
        {
            Lower(row.ChangeDense(), token);
        }
    }

    public override ShapeState Next(in ShapeState state, Distribution row, int token)
    {
        ((List<int>)state.Object!).Add(token);
        return state;
    }
}

// Right, and makes garbage at every row.
[CaughtBy("PRO-050")]
[LogitsProcessor("copies-the-path", "Wrong on purpose.")]
public sealed class CopiesThePath : Shy
{
    public override void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        int[] copy = path.Committed[path.PromptLength..].ToArray();
        base.Apply(new TokenPath(copy, 0, path.Draft), state, row);
    }
}

/// <summary>Never the same token twice in a row; the text may end after one token.</summary>
[Sound]
[TokenConstraint("alternate", "Never the same token twice in a row.")]
public class Alternate : ITokenConstraint
{
    private bool[] _isEnd = [];

    /// <summary>Off by default, so that it joins no recipe that has nothing to do with it.</summary>
    [Option("on", "Whether it does anything.")]
    public bool On { get; set; }

    public bool IsActive => On;

    public virtual ShapeState Start => new(-1);

    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        _isEnd = new bool[context.Target.Info.VocabularySize];
        foreach (int end in context.Target.Info.EndTokens)
        {
            _isEnd[end] = true;
        }

        return default;
    }

    public virtual void Mask(in ShapeState state, Span<ulong> allowed)
    {
        allowed.Clear();
        for (int token = 0; token < _isEnd.Length; token++)
        {
            if (IsAllowed(state, token))
            {
                allowed[token / 64] |= 1ul << token % 64;
            }
        }
    }

    public virtual ShapeState Next(in ShapeState state, int token) =>
        IsAllowed(state, token) && !_isEnd[token]
            ? new ShapeState(token)
            : throw new ArgumentException($"Token {token} is not allowed.", nameof(token));

    public virtual bool Allows(in ShapeState state, int token) => IsAllowed(state, token);

    public virtual int Forced(in ShapeState state, Span<int> tokens) => 0;

    protected virtual bool IsAllowed(in ShapeState state, int token) => _isEnd[token] ? state.Bits >= 0 : token != state.Bits;
}

// One state that every branch moves: tokens of a draft count though they are rejected.
[CaughtBy("CON-001")]
[CaughtBy("CON-010")]
[CaughtBy("CON-011")]
[TokenConstraint("advances-on-drafts", "Wrong on purpose.")]
public sealed class AdvancesOnDrafts : Alternate
{
    private readonly int[] _last = [-1];

    public override ShapeState Start => new(0, _last);

    public override ShapeState Next(in ShapeState state, int token)
    {
        base.Next(state, token);
        ((int[])state.Object!)[0] = token;
        return state;
    }

    protected override bool IsAllowed(in ShapeState state, int token) =>
        base.IsAllowed(new ShapeState(((int[])state.Object!)[0]), token);
}

// Tells drafters that everything is allowed, to be on the safe side.
[CaughtBy("CON-002")]
[TokenConstraint("allows-everything", "Wrong on purpose.")]
public sealed class AllowsEverything : Alternate
{
    public override bool Allows(in ShapeState state, int token) => true;
}

// Fails open: a token that it does not know starts the text anew.
[CaughtBy("CON-003")]
[TokenConstraint("fails-open", "Wrong on purpose.")]
public sealed class FailsOpen : Alternate
{
    public override ShapeState Next(in ShapeState state, int token) => IsAllowed(state, token) ? base.Next(state, token) : Start;
}

// Sets bits and never takes one away.
[CaughtBy("CON-004")]
[TokenConstraint("leaves-old-bits", "Wrong on purpose.")]
public sealed class LeavesOldBits : Alternate
{
    public override void Mask(in ShapeState state, Span<ulong> allowed)
    {
        Span<ulong> mine = stackalloc ulong[allowed.Length];
        base.Mask(state, mine);
        for (int i = 0; i < mine.Length; i++)
        {
            allowed[i] |= mine[i];
        }
    }
}

// Fills whole words: bits beyond the vocabulary are set.
[CaughtBy("CON-004")]
[TokenConstraint("fills-whole-words", "Wrong on purpose.")]
public sealed class FillsWholeWords : Alternate
{
    public override void Mask(in ShapeState state, Span<ulong> allowed)
    {
        base.Mask(state, allowed);
        allowed[^1] |= 1ul << 63;
    }
}

// Allows a last token after which nothing can come.
[CaughtBy("CON-005")]
[TokenConstraint("runs-into-a-dead-end", "Wrong on purpose.")]
public sealed class RunsIntoADeadEnd : Alternate
{
    protected override bool IsAllowed(in ShapeState state, int token) => state.Bits != 1 && base.IsAllowed(state, token);
}

// The mask depends on how often it was asked for.
[CaughtBy("CON-001")]
[TokenConstraint("counts-masks", "Wrong on purpose.")]
public sealed class CountsMasks : Alternate
{
    private int _asked;

    public override void Mask(in ShapeState state, Span<ulong> allowed)
    {
        base.Mask(state, allowed);
        if (++_asked % 5 == 0)
        {
            allowed[0] &= ~1ul;
        }
    }
}

// Two instances differ: the first one that was made is stricter.
[CaughtBy("CON-006")]
[TokenConstraint("differs-by-instance", "Wrong on purpose.")]
public sealed class DiffersByInstance : Alternate
{
    private static int made;
    private readonly bool _isOdd = Interlocked.Increment(ref made) % 2 == 1;

    protected override bool IsAllowed(in ShapeState state, int token) =>
        base.IsAllowed(state, token) && !(_isOdd && token == 0 && state.Bits > 0);
}

// Says how much it would like to write instead of how much it wrote.
[CaughtBy("CON-007")]
[TokenConstraint("overruns-its-hint", "Wrong on purpose.")]
public sealed class OverrunsItsHint : Alternate
{
    public override int Forced(in ShapeState state, Span<int> tokens)
    {
        tokens.Clear();
        return 3;
    }
}

// One state for all texts: the mask is that of whoever moved last.
[CaughtBy("CON-040")]
[TokenConstraint("shares-its-state", "Wrong on purpose.")]
public sealed class SharesItsState : Alternate
{
    private static ShapeState last = new(-1);

    public override ShapeState Next(in ShapeState state, int token) => last = base.Next(state, token);

    protected override bool IsAllowed(in ShapeState state, int token) => base.IsAllowed(state.Bits < 0 ? state : last, token);
}
