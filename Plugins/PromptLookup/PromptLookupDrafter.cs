using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.PromptLookup;

/// <summary>Drafts one chain: the tokens that followed the last n ones where they stood before.</summary>
/// <remarks>
/// The index grows with the text, a few hash look-ups per token. Nothing is kept beyond the generation. Source: Saxena, "Prompt Lookup
/// Decoding", 2023, and the candidate generators of transformers and vLLM that follow it.
/// </remarks>
[Drafter("prompt-lookup", "A chain of the tokens that followed the last ones where they stood before.")]
public sealed class PromptLookupDrafter : IDrafter, IValidatableObject
{
    private const int MostExpected = 1 << 14;

    private readonly NodeBudget _budget = new();
    private NgramIndex[] _indexes = [];
    private bool[] _isEnd = [];
    private int _indexed;

    /// <summary>How many nodes a draft may have.</summary>
    [Option("nodes", "How many tokens a draft may have; auto takes what pays by the measured cost of the model.")]
    public NodeCount Nodes { get; set; }

    /// <summary>The rule of matching.</summary>
    [Option("lookup-dialect", "Which match counts: recent (longest, most recent place), hf, pld or vllm (as those tools do).")]
    public LookupDialect Dialect { get; set; }

    /// <summary>The most tokens that a match may span; null takes that of the dialect.</summary>
    [Option("lookup-max", "The most tokens to match; none takes that of the dialect (recent 5, hf 2, pld 3, vllm 5).")]
    [Range(1, 64)]
    public int? MaxMatch { get; set; }

    /// <summary>The fewest tokens that must match; null takes that of the dialect.</summary>
    [Option("lookup-min", "The fewest tokens to match; none takes that of the dialect (1; vllm 5).")]
    [Range(1, 64)]
    public int? MinMatch { get; set; }

    /// <summary>The most tokens of a draft.</summary>
    [Option("lookup-length", "The most tokens of a draft.")]
    [Range(1, 1024)]
    public int Length { get; set; } = 10;

    /// <inheritdoc/>
    public ProposalModes Proposes => ProposalModes.Deterministic;

    private int Max => MaxMatch ?? Math.Max(MinMatch ?? 1, Dialect switch { LookupDialect.Hf => 2, LookupDialect.Pld => 3, _ => 5 });

    private int Min => MinMatch ?? Math.Min(Max, Dialect == LookupDialect.Vllm ? 5 : 1);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Min > Max)
        {
            yield return new ValidationResult($"lookup-min is {Min} and lookup-max {Max}; no match can span that.");
        }
    }

    /// <inheritdoc/>
    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default)
    {
        var info = context.Target.Info;
        int expected = Math.Min(info.ContextLength, MostExpected);
        _indexes = new NgramIndex[Max - Min + 1];
        for (int i = 0; i < _indexes.Length; i++)
        {
            _indexes[i] = new NgramIndex(Max - i, expected);
        }

        _isEnd = new bool[info.VocabularySize];
        foreach (int end in info.EndTokens)
        {
            _isEnd[end] = true;
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation)
    {
        var text = context.Committed;

        // The last token has no successor yet: its n-grams join once it has, so a match never finds itself.
        for (; _indexed < text.Length - 1; _indexed++)
        {
            foreach (var index in _indexes)
            {
                index.Add(text, _indexed);
            }
        }

        foreach (var index in _indexes)
        {
            if (index.Size < text.Length && Add(context, tree, index))
            {
                break;
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public void Observe(in Observation observation) => _budget.Observe(observation);

    private bool Add(DraftContext context, DraftTree tree, NgramIndex index)
    {
        var text = context.Committed;
        var (first, last) = index.Find(text);
        int place = Dialect == LookupDialect.Recent ? last : first;
        if (place < 0 || (Dialect == LookupDialect.Pld && place + Length >= text.Length))
        {
            return false;
        }

        var follows = text[(place + 1)..];
        int length = Math.Min(Math.Min(Length, follows.Length), _budget.Chain(Nodes, context, tree));

        // A longer match is likelier to go on; the exact figure only ranks this chain among other drafts.
        float logStep = MathF.Log(index.Size / (index.Size + 1f));
        int node = 0;
        for (int i = 0; i < length; i++)
        {
            bool isEnd = _isEnd[follows[i]];
            if (isEnd && Dialect == LookupDialect.Hf)
            {
                break;
            }

            node = tree.Add(node, follows[i], tree.Score(node) + logStep);
            if (isEnd)
            {
                break;
            }
        }

        return true;
    }
}
