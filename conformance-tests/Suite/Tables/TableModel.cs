namespace Tokenwright.Conformance;

/// <summary>A model that is a table: the logits are an exact function of the last few tokens, whatever the batch or the tree.</summary>
/// <remarks>
/// It holds its callers to the contract of <see cref="ICausalModel"/> and throws on every misuse: parents that do not come first, rows
/// read after the next forward or without having been asked for, commits of what is no path, capabilities it was not given.
/// </remarks>
public sealed class TableModel : ICausalModel
{
    private const Capabilities All =
        Capabilities.Tree | Capabilities.Rewind | Capabilities.Fork | Capabilities.HiddenStates | Capabilities.Batch;

    private readonly float[][] _table;

    /// <summary>Wraps a table.</summary>
    /// <param name="table">
    /// Logits by context: the context's number in base vocabulary + 1, the last token being the lowest digit and the digit
    /// "vocabulary" standing for no token.
    /// </param>
    /// <param name="order">How many of the last tokens the logits depend on.</param>
    public TableModel(float[][] table, int order)
    {
        _table = table;
        Order = order;
        Info = new ModelInfo("table", table[0].Length, 64, [], table[0].Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(table.Length, Contexts(Info.VocabularySize, order), nameof(table));
    }

    /// <summary>A table of normally distributed logits.</summary>
    /// <param name="vocabulary">Number of tokens.</param>
    /// <param name="order">How many of the last tokens the logits depend on.</param>
    /// <param name="seed">The table's seed.</param>
    /// <param name="spread">Standard deviation of the logits.</param>
    /// <param name="ends">Tokens that end a text.</param>
    /// <param name="context">The context's length.</param>
    /// <param name="capabilities">What the model can do.</param>
    public static TableModel Random(
        int vocabulary,
        int order,
        int seed,
        double spread = 1.5,
        IReadOnlyList<int>? ends = null,
        int context = 64,
        Capabilities capabilities = All
    )
    {
        var random = new Random(seed);
        var table = new float[Contexts(vocabulary, order)][];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = new float[vocabulary];
            for (int t = 0; t < vocabulary; t++)
            {
                double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
                table[i][t] = (float)(spread * normal);
            }
        }

        return new TableModel(table, order)
        {
            EndTokens = ends ?? [],
            ContextLength = context,
            Capabilities = capabilities,
        };
    }

    /// <summary>A table of order 2 with logits spread evenly between −2 and 2.</summary>
    /// <param name="vocabulary">Number of tokens.</param>
    /// <param name="seed">The table's seed.</param>
    /// <param name="zeros">Whether every second row has an impossible token.</param>
    public static TableModel Uniform(int vocabulary, int seed, bool zeros)
    {
        var random = new Random(seed);
        var table = new float[(vocabulary + 1) * (vocabulary + 1)][];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = [.. Enumerable.Range(0, vocabulary).Select(_ => (float)(4 * random.NextDouble() - 2))];
            if (zeros && i % 2 == 0)
            {
                table[i][i % vocabulary] = float.NegativeInfinity;
            }
        }

        return new TableModel(table, order: 2);
    }

    /// <summary>The table that ranks every row the other way round: what it drafts is as wrong as can be.</summary>
    public TableModel Negated() =>
        new([.. _table.Select(row => row.Select(logit => -logit).ToArray())], Order) { EndTokens = EndTokens };

    /// <summary>The same table with tokens that end a text.</summary>
    public TableModel Ending(params int[] ends) => new(_table, Order) { EndTokens = ends, ContextLength = ContextLength };

    /// <summary>How many of the last tokens the logits depend on.</summary>
    public int Order { get; }

    /// <inheritdoc/>
    public ModelInfo Info { get; private init; }

    /// <inheritdoc/>
    public Capabilities Capabilities { get; init; } = All;

    /// <summary>The context's length.</summary>
    public int ContextLength
    {
        get => Info.ContextLength;
        init => Info = Info with { ContextLength = value };
    }

    /// <summary>Tokens that end a text.</summary>
    public IReadOnlyList<int> EndTokens
    {
        get => Info.EndTokens;
        init => Info = Info with { EndTokens = value };
    }

    /// <summary>Whether forwards complete on another thread, as those of a device do.</summary>
    public bool CompletesLater { get; set; }

    /// <summary>Whether forwards go on when they are cancelled, as those of many models do.</summary>
    public bool IgnoresCancellation { get; set; }

    /// <summary>Called before each forward; it may throw or cancel.</summary>
    public Action? Forwarding { get; set; }

    /// <summary>Forwards so far; without <see cref="Capabilities.Batch"/> each item is one of its own.</summary>
    public int Forwards { get; private set; }

    /// <summary>Rows fed so far.</summary>
    public long RowsFed { get; private set; }

    /// <summary>Sequences created and not yet disposed.</summary>
    public int OpenSequences { get; internal set; }

    /// <inheritdoc/>
    public string Explain(Capabilities missing) => $"This table was made without {missing}; give it to TableModel.Capabilities.";

    /// <inheritdoc/>
    public ISequence CreateSequence() => new TableSequence(this);

    /// <summary>The logits after some tokens, [vocabulary].</summary>
    public ReadOnlySpan<float> Logits(ReadOnlySpan<int> tokens)
    {
        int context = EmptyContext;
        foreach (int token in tokens.Length > Order ? tokens[^Order..] : tokens)
        {
            context = Extend(context, token);
        }

        return _table[context];
    }

    /// <inheritdoc/>
    public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default)
    {
        if (CompletesLater)
        {
            return Later(items, cancellation);
        }

        Forward(items.Span, cancellation);
        return default;
    }

    /// <inheritdoc/>
    public void Dispose() { }

    // Not Enum.HasFlag, which allocates until it is optimised.
    internal bool Offers(Capabilities needed) => (Capabilities & needed) == needed;

    internal IReadOnlyList<float[]> Rows => _table;

    internal int EmptyContext => Contexts(Info.VocabularySize, Order) - 1;

    internal ReadOnlySpan<float> Row(int context) => _table[context];

    internal int Extend(int context, int token) => (int)(((long)context * (Info.VocabularySize + 1) + token) % _table.Length);

    private static int Contexts(int vocabulary, int order) => checked((int)Math.Round(Math.Pow(vocabulary + 1, order)));

    private async ValueTask Later(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation)
    {
        await Task.Yield();
        Forward(items.Span, cancellation);
    }

    private void Forward(ReadOnlySpan<ForwardItem> items, CancellationToken cancellation)
    {
        Forwarding?.Invoke();
        if (!IgnoresCancellation)
        {
            cancellation.ThrowIfCancellationRequested();
        }

        if (items.IsEmpty)
        {
            throw new ArgumentException("A forward needs an item.", nameof(items));
        }

        for (int i = 0; i < items.Length; i++)
        {
            if (items[i].Sequence is not TableSequence sequence || sequence.Model != this)
            {
                throw new ArgumentException($"Item {i} has a sequence of another model.", nameof(items));
            }

            for (int j = 0; j < i; j++)
            {
                if (items[j].Sequence == sequence)
                {
                    throw new ArgumentException($"Items {j} and {i} have the same sequence.", nameof(items));
                }
            }

            sequence.Check(items[i]);
        }

        foreach (ref readonly var item in items)
        {
            ((TableSequence)item.Sequence).Feed(item);
            RowsFed += item.Tokens.Length;
        }

        Forwards += Offers(Capabilities.Batch) ? 1 : items.Length;
    }
}
