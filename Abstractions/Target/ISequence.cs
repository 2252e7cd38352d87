namespace Tokenwright;

/// <summary>One text inside a model: committed rows of the KV cache, then a provisional region that forwards extend.</summary>
/// <remarks>
/// <para>Provisional rows are numbered from 0 in the order they were fed, across all forwards since the last
/// <see cref="Commit(ReadOnlySpan{int})"/> or <see cref="Drop"/>. Nothing outside the caller sees them until they are committed.</para>
/// <para>Not safe for concurrent use. Disposing frees the cache.</para>
/// </remarks>
public interface ISequence : IDisposable
{
    /// <summary>The tokens whose rows are committed, oldest first. Valid until the sequence changes.</summary>
    ReadOnlySpan<int> Tokens { get; }

    /// <summary>Number of provisional rows.</summary>
    int Provisional { get; }

    /// <summary>The outputs of this sequence's last forward.</summary>
    IRows Rows { get; }

    /// <summary>Commits the provisional rows of one path, in this order, and drops the others.</summary>
    /// <param name="path">Provisional row numbers from the root on, each the parent of the next; ascending.</param>
    void Commit(ReadOnlySpan<int> path);

    /// <summary>Commits the first <paramref name="count"/> provisional rows, which must be a chain, and drops the others.</summary>
    void Commit(int count);

    /// <summary>Drops all provisional rows.</summary>
    void Drop();

    /// <summary>Gives up committed rows from the end; also drops provisional ones. Needs <see cref="Capabilities.Rewind"/>.</summary>
    /// <param name="length">Committed rows to keep, 0 to the present number.</param>
    void Rewind(int length);

    /// <summary>Copies the first committed rows into a new sequence of the same model. Needs <see cref="Capabilities.Fork"/>.</summary>
    /// <param name="length">Committed rows to copy, 0 to the present number.</param>
    ISequence Fork(int length);
}
