namespace Tokenwright.Host;

/// <summary>A constraint that may not lead into a dead end: where it allows no token, it says so itself.</summary>
internal sealed class GuardedConstraint(ITokenConstraint inner, PartInfo part, Watch watch) : ITokenConstraint
{
    public Capabilities Needs => inner.Needs;

    public bool IsActive => inner.IsActive;

    public ShapeState Start => inner.Start;

    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
        inner.PrepareAsync(context, cancellation);

    public void Mask(in ShapeState state, Span<ulong> allowed)
    {
        var before = watch.Enter(part);
        try
        {
            inner.Mask(state, allowed);
            if (!allowed.ContainsAnyExcept(0UL))
            {
                throw new InvalidOperationException("it allows no token at all here, not even an end.");
            }
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
    }

    public ShapeState Next(in ShapeState state, int token)
    {
        var before = watch.Enter(part);
        ShapeState next;
        try
        {
            next = inner.Next(state, token);
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
        return next;
    }

    public bool Allows(in ShapeState state, int token)
    {
        var before = watch.Enter(part);
        bool allows;
        try
        {
            allows = inner.Allows(state, token);
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
        return allows;
    }

    public int Forced(in ShapeState state, Span<int> tokens)
    {
        var before = watch.Enter(part);
        int count;
        try
        {
            count = inner.Forced(state, tokens);
            if ((uint)count > (uint)tokens.Length)
            {
                throw new InvalidOperationException($"it says that it wrote {count} forced tokens where {tokens.Length} fit.");
            }
        }
        catch (Exception error) when (watch.Blame(part, error))
        {
            throw;
        }

        watch.Leave(before);
        return count;
    }
}
