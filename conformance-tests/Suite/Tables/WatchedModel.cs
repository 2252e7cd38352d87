namespace Tokenwright.Conformance;

/// <summary>A model that tells which sequences are open.</summary>
internal sealed class WatchedModel(ICausalModel inner) : ICausalModel
{
    private readonly List<ISequence> _made = [];

    /// <summary>The sequences that were created and not yet disposed.</summary>
    public IEnumerable<ISequence> Open =>
        _made.Where(sequence =>
        {
            try
            {
                return sequence.Provisional >= 0 && sequence.Tokens.Length >= 0;
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        });

    public ModelInfo Info => inner.Info;

    public Capabilities Capabilities => inner.Capabilities;

    public string Explain(Capabilities missing) => inner.Explain(missing);

    public ISequence CreateSequence()
    {
        var sequence = inner.CreateSequence();
        _made.Add(sequence);
        return sequence;
    }

    public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default) =>
        inner.ForwardAsync(items, cancellation);

    public void Dispose() { }
}
