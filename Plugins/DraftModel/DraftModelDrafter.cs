namespace Tokenwright.Plugins.DraftModel;

/// <summary>Drafts a chain with a second model whose distributions are shaped like the target's.</summary>
/// <remarks>
/// <para>
/// For agree it picks with the target's noise at the same position: where the two distributions are alike they then take the same token. That
/// noise would bend the law of a rule that compares p with q, so for token, block and rrsw it draws from q with draws of its own and hands q over.
/// </para>
/// <para>What it fed stays provisional until the next draft shows how much of it was committed; nothing is fed twice but a root that was drafted too.</para>
/// </remarks>
[Drafter("draft-model", "A second, smaller model drafts a chain.")]
public sealed class DraftModelDrafter : IDrafter, IDisposable
{
    // Where nobody measured the draft model: one of its forwards against one of the target's.
    private const double UnmeasuredForward = 0.25;

    // Rows beyond this that a late draft catches up with are not held against it: they are fed once, however late.
    private const int CountedRows = 32;

    private readonly NodeBudget _budget = new();
    private readonly ForwardItem[] _item = new ForwardItem[1];
    private ICausalModel? _model;
    private ISequence? _sequence;
    private ForwardProfile? _profile;
    private int[] _fed = [];
    private bool[] _isEnd = [];
    private ShapeState[] _states = [];
    private Distribution? _q;
    private bool _samples;

    /// <summary>The second model.</summary>
    [Option("draft-model", "Name or path of the model that drafts; none takes the one that the target's card names.")]
    public string? Model { get; set; }

    /// <summary>The length of the chain.</summary>
    [Option("nodes", "How many tokens a draft has; auto takes what pays, by measured costs and past acceptance.")]
    public NodeCount Nodes { get; set; }

    /// <summary>How tokens are taken.</summary>
    [Option(
        "propose",
        "How the draft model takes its tokens: pick with the target's noise, sample, or auto, which suits the verifier."
    )]
    public Propose Propose { get; set; }

    /// <inheritdoc/>
    public ProposalModes Proposes =>
        _samples || Propose == Propose.Sample ? ProposalModes.Independent : ProposalModes.Deterministic;

    /// <inheritdoc/>
    public void Suit(ProposalModes accepted) =>
        _samples = Propose == Propose.Auto && (accepted & ProposalModes.Deterministic) == 0;

    /// <inheritdoc/>
    public async ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        if (context.Models is not { } models)
        {
            throw new InvalidOperationException("This host opens no second model, and drafting needs one.");
        }

        _model = await models.OpenAsync("draft", Model, cancellation).ConfigureAwait(false);
        var (target, draft) = (context.Target.Info, _model.Info);
        if (draft.VocabularySize != target.VocabularySize)
        {
            throw new InvalidOperationException(
                $"The draft model '{draft.Name}' has {draft.VocabularySize} tokens and '{target.Name}' has {target.VocabularySize}. Choose a draft model with the same vocabulary (option 'draft-model')."
            );
        }

        _profile = await models.ProfileAsync(_model, cancellation).ConfigureAwait(false);
        _fed = new int[draft.ContextLength];
        _isEnd = new bool[target.VocabularySize];
        foreach (int end in target.EndTokens)
        {
            _isEnd[end] = true;
        }

        _sequence = _model.CreateSequence();
    }

    /// <inheritdoc/>
    public async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var sequence = Settle(context.Committed);
        int missing = context.Committed.Length - sequence.Tokens.Length;

        // The last node is not fed, so a full context still holds one more.
        int fits = _fed.Length - context.Committed.Length + 1;
        int length = Math.Min(_budget.Chain(Nodes, context, tree, Cost(context, sequence.Tokens.Length, missing)), fits);
        if (length <= 0)
        {
            return;
        }

        Start(context);
        await FeedCommittedAsync(context, cancellation).ConfigureAwait(false);
        for (int node = 0; ; )
        {
            node = Add(context, tree, node);
            if (tree.Depth(node) == length || _isEnd[tree.Token(node)])
            {
                return;
            }

            _fed[context.Committed.Length + tree.Depth(node) - 1] = tree.Token(node);
            await FeedAsync(context.Committed.Length + tree.Depth(node) - 1, 1, WantedOf(context), cancellation)
                .ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Observe(in Observation observation) => _budget.Observe(observation);

    /// <inheritdoc/>
    public void Dispose() => _sequence?.Dispose();

    // Keeps what agrees with the committed tokens. The root is always fed anew: its row is where the draft starts.
    private ISequence Settle(ReadOnlySpan<int> committed)
    {
        var sequence = _sequence!;
        var before = committed[..^1];
        int kept = sequence.Tokens.CommonPrefixLength(before);
        if (kept < sequence.Tokens.Length)
        {
            sequence.Rewind(kept);
        }

        sequence.Commit(_fed.AsSpan(kept, sequence.Provisional).CommonPrefixLength(before[kept..]));
        return sequence;
    }

    private DraftCost Cost(DraftContext context, int past, int missing)
    {
        if (_profile is null)
        {
            return new DraftCost(0, UnmeasuredForward * (context.Profile?.Milliseconds(1, context.Committed.Length - 1) ?? 1));
        }

        double forward = _profile.Milliseconds(1, past);
        double catchUp = past == 0 ? 0 : _profile.Milliseconds(Math.Min(missing, CountedRows), past) - forward;
        double unit = context.Profile is null ? UnmeasuredForward / forward : 1;
        return new DraftCost(unit * Math.Max(0, catchUp), unit * forward);
    }

    private void Start(DraftContext context)
    {
        _q ??= context.Shape.CreateDistribution();
        if (_states.Length == 0)
        {
            _states = new ShapeState[context.Shape.StateCount];
        }

        context.RootStates.CopyTo(_states);
    }

    // A long prompt goes in parts, as the target's does.
    private async ValueTask FeedCommittedAsync(DraftContext context, CancellationToken cancellation)
    {
        int length = context.Committed.Length;
        int at = _sequence!.Tokens.Length;
        context.Committed[at..].CopyTo(_fed.AsSpan(at));
        for (; length - at > Generation.PromptPart; at += Generation.PromptPart)
        {
            await FeedAsync(at, Generation.PromptPart, default, cancellation).ConfigureAwait(false);
        }

        await FeedAsync(at, length - at, WantedOf(context), cancellation).ConfigureAwait(false);
        _sequence.Commit(_sequence.Provisional);
    }

    private ValueTask FeedAsync(int start, int count, Wanted wanted, CancellationToken cancellation)
    {
        _item[0] = new ForwardItem
        {
            Sequence = _sequence!,
            Tokens = _fed.AsMemory(start, count),
            Wanted = wanted,
        };
        return _model!.ForwardAsync(_item, cancellation);
    }

    private static Wanted WantedOf(DraftContext context) =>
        context.Shape.IsPlainArgMax ? new Wanted(ArgMax: RowSelection.Last) : new Wanted(Logits: RowSelection.Last);

    // Takes the token that follows a node from the last row fed.
    private int Add(DraftContext context, DraftTree tree, int node)
    {
        var shape = context.Shape;
        var q = _q!;
        var rows = _sequence!.Rows;
        int depth = tree.Depth(node);
        int position = context.Committed.Length + depth;
        if (shape.IsPlainArgMax)
        {
            q.KeepOnly(rows.ArgMax(rows.Count - 1));
        }
        else
        {
            var drafted = _fed.AsSpan(context.Committed.Length, depth);
            var path = new TokenPath(context.Committed, context.PromptLength, drafted);
            shape.Apply(path, _states, rows.Logits(rows.Count - 1), q);
        }

        int token;
        if (Proposes == ProposalModes.Independent)
        {
            tree.Propose(node, ProposalModes.Independent, q);
            token = context.Randomness.Pick(
                DrawKey.InRound(context.SequenceIndex, DrawStream.Draft, context.Committed.Length, node),
                q
            );
        }
        else
        {
            token = shape.TakesArgMax ? q.ArgMax() : context.Randomness.Pick(DrawKey.At(context.SequenceIndex, position), q);
        }

        int child = tree.Add(node, token, tree.Score(node) + (float)q.LogProbability(token));
        if (!shape.IsPlainArgMax)
        {
            shape.Next(_states, q, token, _states);
        }

        return child;
    }
}
