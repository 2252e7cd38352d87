using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Combined;

/// <summary>Lets every drafter draft a tree of its own and merges the nodes that promise most into one.</summary>
/// <remarks>
/// A node promises the product, along its path, of the probability that each token comes: what the drafters claim by their scores, corrected by
/// how often such claims came true. Drafters that name the same token support one another as independent witnesses would. Every
/// drafter observes every step, whosever nodes were drafted.
/// </remarks>
[Drafter("combined", "One tree of what several drafters promise, the likeliest nodes of all of them.")]
public sealed class CombinedDrafter : ICombinedDrafter, IValidatableObject
{
    private const int DefaultNodes = 80;
    private const int MostWaiting = 4096;
    private const int MostChildren = 1024;

    private readonly NodeBudget _budget = new();
    private readonly DraftTree _draft = new();
    private readonly double[] _gains = new double[NodeCount.Max + 1];
    private readonly int[] _tokens = new int[MostChildren];
    private readonly double[] _misses = new double[MostChildren];
    private readonly PriorityQueue<(int Parent, int Token, double Gain), (double Gain, int Order)> _waiting = new(MostWaiting);
    private IReadOnlyList<IDrafter> _drafters = [];
    private DraftTree[] _trees = [];
    private Calibration[] _calibrations = [];

    // By node of the merged tree and drafter: the node of the drafter's own tree, or −1.
    private int[] _own = [];
    private int _pushed;

    /// <summary>How many nodes a draft may have.</summary>
    [Option("nodes", "How many tokens a draft may have; auto takes what pays by the measured cost of the model.")]
    public NodeCount Nodes { get; set; }

    /// <summary>The drafters that are merged.</summary>
    [Option("drafters", "The drafters to merge, by id.")]
    public IReadOnlyList<string> DrafterIds { get; set; } = ["suffix", "token-recycling"];

    /// <inheritdoc/>
    public IReadOnlyList<IDrafter> Drafters
    {
        get => _drafters;
        set
        {
            _drafters = value;
            _trees = [.. value.Select(_ => new DraftTree())];
            _calibrations = [.. value.Select(_ => new Calibration())];
            _own = new int[(NodeCount.Max + 1) * value.Count];
        }
    }

    /// <inheritdoc/>
    public ProposalModes Proposes => ProposalModes.Deterministic;

    /// <inheritdoc/>
    public Wanted PromptRows
    {
        get
        {
            Wanted wanted = default;
            foreach (var drafter in _drafters)
            {
                wanted |= drafter.PromptRows;
            }

            return wanted;
        }
    }

    /// <inheritdoc/>
    public Wanted StepRows
    {
        get
        {
            Wanted wanted = default;
            foreach (var drafter in _drafters)
            {
                wanted |= drafter.StepRows;
            }

            return wanted;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (DrafterIds.Count < 1 || DrafterIds.Distinct().Count() < DrafterIds.Count)
        {
            yield return new ValidationResult("drafters names one drafter twice, or none.");
        }
    }

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        foreach (var drafter in _drafters)
        {
            // Drawn children have a law that depends on their siblings, which merging would change.
            if (drafter.Proposes != ProposalModes.Deterministic)
            {
                throw new InvalidOperationException(
                    $"{drafter.GetType().Name} proposes {drafter.Proposes}, and only deterministic proposals can be merged. Leave it out of drafters."
                );
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public async ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        for (int d = 0; d < _trees.Length; d++)
        {
            _trees[d].Reset(tree.Token(0), tree.Room, tree.MaxDepth);
            await _drafters[d].DraftAsync(context, _trees[d], cancellation).ConfigureAwait(false);
            _own[d] = 0;
        }

        _waiting.Clear();
        _pushed = 0;
        _gains[0] = 1;
        _draft.Reset(tree.Token(0), Math.Min(tree.Room, Nodes.Number ?? DefaultNodes), tree.MaxDepth);
        Expand(0);
        while (_draft.Room > 0 && _waiting.TryDequeue(out var best, out _))
        {
            int node = _draft.Add(best.Parent, best.Token, (float)Math.Log(best.Gain));
            _gains[node] = best.Gain;
            for (int d = 0; d < _trees.Length; d++)
            {
                int own = Own(best.Parent, d);
                Own(node, d) = own < 0 ? -1 : _trees[d].Child(own, best.Token);
            }

            Expand(node);
        }

        tree.AddFirst(_draft, _budget.Choose(Nodes, context, tree, _gains.AsSpan(1, _draft.Count - 1)));
    }

    /// <inheritdoc/>
    public void Observe(in Observation observation)
    {
        if (observation is { Tree: not null, Kept: not [] } && _trees.Length > 0)
        {
            for (int d = 0; d < _trees.Length; d++)
            {
                Check(_trees[d], _calibrations[d], observation);
            }
        }

        foreach (var drafter in _drafters)
        {
            drafter.Observe(observation);
        }
    }

    // Also of nodes that were not merged it is known whether their token came: the claims are checked along what was emitted.
    private static void Check(DraftTree tree, Calibration calibration, in Observation observation)
    {
        if (tree.Count == 0 || tree.Token(0) != observation.Tree!.Token(0))
        {
            return;
        }

        int node = 0;
        foreach (int token in observation.Emitted)
        {
            for (int child = tree.FirstChild(node); child >= 0; child = tree.NextSibling(child))
            {
                calibration.Count(tree.Score(child) - tree.Score(node), tree.Token(child) == token);
            }

            node = tree.Child(node, token);
            if (node < 0)
            {
                break;
            }
        }

        // A draft is checked once.
        tree.Reset(0, 0, 0);
    }

    private void Expand(int node)
    {
        if (_draft.Depth(node) == _draft.MaxDepth)
        {
            return;
        }

        int found = 0;
        for (int d = 0; d < _trees.Length; d++)
        {
            var own = _trees[d];
            int at = Own(node, d);
            for (int child = at < 0 ? -1 : own.FirstChild(at); child >= 0; child = own.NextSibling(child))
            {
                double p = _calibrations[d].Probability(own.Score(child) - own.Score(at));
                int same = _tokens.AsSpan(0, found).IndexOf(own.Token(child));
                if (same >= 0)
                {
                    _misses[same] *= 1 - p;
                }
                else if (found < MostChildren)
                {
                    (_tokens[found], _misses[found]) = (own.Token(child), 1 - p);
                    found++;
                }
            }
        }

        for (int i = 0; i < found && _waiting.Count < MostWaiting; i++)
        {
            double gain = _gains[node] * (1 - _misses[i]);
            _waiting.Enqueue((node, _tokens[i], gain), (-gain, _pushed++));
        }
    }

    private ref int Own(int node, int drafter) => ref _own[node * _trees.Length + drafter];
}
