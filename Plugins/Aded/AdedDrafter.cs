using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Aded;

/// <summary>How the tree is found among the tri-grams.</summary>
public enum AdedSearch
{
    /// <summary>The paths of greatest probability.</summary>
    BestFirst,

    /// <summary>The published Monte-Carlo tree search.</summary>
    Mcts,
}

/// <summary>Where a generation puts what it learns.</summary>
public enum Learning
{
    /// <summary>Into the store of the session.</summary>
    Shared,

    /// <summary>Into a copy of that store, taken as the generation starts: it repeats as long as the session's store stays the same.</summary>
    Private,
}

/// <summary>Drafts from tri-grams of a corpus, strengthened wherever the text uses them.</summary>
/// <remarks>
/// Source: Liu et al., "Adaptive Draft-Verification for LLM Decoding" (ADED), arXiv 2407.12021. Differs: the score of the search counts the
/// third token's weight unless <see cref="PaperCompat"/> is set; nothing is drafted where nothing is known; what a text adds stays in its session.
/// </remarks>
[Drafter("aded", "A tree from tri-grams that adapt to the text, on top of those of a corpus.")]
public sealed class AdedDrafter : ICorpusDrafter
{
    private const int DefaultNodes = 64;
    private const string BaseOption = "aded-base";

    private readonly NodeBudget _budget = new();
    private readonly DraftTree _draft = new();
    private readonly double[] _gains = new double[NodeCount.Max];
    private readonly BestFirst _bestFirst = new();
    private TreeSearch? _treeSearch;
    private TrigramStore? _store;
    private bool _isTree = true;

    /// <summary>How many nodes a draft may have.</summary>
    [Option("nodes", "How many tokens a draft may have; auto takes what pays by the measured cost of the model.")]
    public NodeCount Nodes { get; set; }

    /// <summary>How the tree is found.</summary>
    [Option("aded-search", "best-first (the likeliest paths) or mcts (the published tree search).")]
    public AdedSearch Search { get; set; }

    /// <summary>Depth of the tree in best-first search; the published search is always four deep.</summary>
    [Option("aded-depth", "The deepest a draft of best-first search may be.")]
    [Range(1, 64)]
    public int Depth { get; set; } = 8;

    /// <summary>The most different tokens of all drafted paths in the published search.</summary>
    [Option("aded-choices", "The most tokens over all paths of the tree search.")]
    [Range(1, 1024)]
    public int Choices { get; set; } = 64;

    /// <summary>Whether the published search keeps the defect of the published code.</summary>
    [Option("paper-compat", "Whether the tree search scores paths as the published code does, with the wrong token's weight.")]
    public bool PaperCompat { get; set; }

    /// <summary>Tri-grams of a corpus.</summary>
    [Option(BaseOption, "A file of tri-grams to start from; none starts empty.")]
    public string? BaseFile { get; set; }

    /// <summary>Whose texts learn together.</summary>
    [Option("session", "Texts of a model that give the same name learn together; others never see what they add.")]
    public string Session { get; set; } = "";

    /// <summary>Where a generation puts what it learns.</summary>
    [Option("learning", "shared: into the session's store; private: into a copy of that as it is at the start.")]
    public Learning Learning { get; set; }

    /// <summary>Whether siblings are drafted.</summary>
    [Option("tree", "Whether a draft may branch; false drafts one chain, as does a model without trees.")]
    public bool Branches { get; set; } = true;

    /// <summary>A store to use instead of the session's; a frozen one is learnt into a copy.</summary>
    public TrigramStore? Store
    {
        get => _store;
        set => _store = value;
    }

    /// <inheritdoc/>
    public string FileOption => BaseOption;

    /// <inheritdoc/>
    public ProposalModes Proposes => ProposalModes.Deterministic;

    /// <inheritdoc/>
    public string Build(IEnumerable<IReadOnlyList<int>> documents, int vocabularySize, string file)
    {
        var corpus = TrigramBase.Build(documents, vocabularySize);
        corpus.Save(file);
        return $"{corpus.RowCount} pairs of tokens and what follows them";
    }

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        int size = context.Target.Info.VocabularySize;
        _isTree = Branches && (context.Target.Capabilities & Capabilities.Tree) != 0;
        _treeSearch = Search == AdedSearch.Mcts && _isTree ? new TreeSearch(PaperCompat) : null;
        var store = _store;
        if (store is null)
        {
            string file = BaseFile is null ? "" : Path.GetFullPath(BaseFile);
            var corpus = BaseFile is null ? null : context.Stores.Get(file, () => Open(file));
            store = context.Stores.Get($"{Session}\n{file}", () => new TrigramStore(corpus));
        }

        if (store.Base is { } known && known.VocabularySize != size)
        {
            throw new InvalidOperationException(
                $"the tri-grams are those of a vocabulary of {known.VocabularySize}, the model's has {size}. Give a file that was built for this model, or none."
            );
        }

        _store = store.IsFrozen || Learning == Learning.Private ? store.Copy() : store;
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var text = context.Committed;
        if (text.Length < 2)
        {
            return default;
        }

        _draft.Reset(tree.Token(0), Math.Min(tree.Room, Nodes.Number ?? DefaultNodes), tree.MaxDepth);
        lock (_store!.Gate)
        {
            _store.Adapt(text);
            if (_treeSearch is not null)
            {
                _treeSearch.Fill(_draft, _store, text, Choices);
            }
            else
            {
                _bestFirst.Fill(_draft, _store, text[^2], Math.Min(Depth, tree.MaxDepth), _isTree);
            }
        }

        // Weights are no probabilities: what a node promises is what nodes of its depth and rank have kept.
        for (int node = 1; node < _draft.Count; node++)
        {
            int parent = _draft.Parent(node);
            int rank = 0;
            for (int child = _draft.FirstChild(parent); child != node; child = _draft.NextSibling(child))
            {
                rank++;
            }

            _gains[node - 1] = (parent == 0 ? 1 : _gains[parent - 1]) * _budget.History.Acceptance(_draft.Depth(node), rank);
        }

        tree.AddFirst(_draft, _budget.Choose(Nodes, context, tree, _gains.AsSpan(0, _draft.Count - 1)));
        return default;
    }

    /// <inheritdoc/>
    public void Observe(in Observation observation) => _budget.Observe(observation);

    private static TrigramBase Open(string file) =>
        File.Exists(file)
            ? TrigramBase.Load(file)
            : throw new InvalidOperationException($"there is no file {file} of tri-grams.");
}
