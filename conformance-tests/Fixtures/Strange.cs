using System.ComponentModel.DataAnnotations;
using Tokenwright;

namespace Strange;

/// <summary>Parts that ask for what is not there, or refuse.</summary>
[Drafter("tree", "Needs trees.")]
public sealed class TreeDrafter : IDrafter
{
    [Option("tree-width", "How wide.")]
    [Range(1, 64)]
    public int Width { get; set; } = 4;

    public ProposalModes Proposes => ProposalModes.Deterministic;
    public Capabilities Needs => Capabilities.Tree | Capabilities.HiddenStates;

    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation) => default;
}

[Drafter("independent", "Draws independently.")]
public sealed class IndependentDrafter : IDrafter
{
    public ProposalModes Proposes => ProposalModes.Independent;

    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation) => default;
}

[Drafter("unprepared", "Cannot prepare.")]
public sealed class UnpreparedDrafter : IDrafter
{
    public ProposalModes Proposes => ProposalModes.Deterministic;

    public ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) =>
        throw new InvalidOperationException("the heads file is missing. Name one with --heads.");

    public ValueTask DraftAsync(DraftContext context, DraftTree tree, CancellationToken cancellation) => default;
}

[DecodingMethod("treeish", "Drafts trees.", Lossless = Lossless.Seed)]
public sealed class Treeish : IDecodingMethod
{
    public Recipe Recipe => new() { Drafter = "tree" };
}

[TargetDecorator("shifted", "Adds one to every token.")]
public sealed class Shifted : ITargetDecorator
{
    [Option("shift", "By how much.")]
    public int Shift { get; set; } = 1;

    public static int Disposed;

    public ICausalModel Decorate(ICausalModel target) => new Model(target, Shift);

    private sealed class Model(ICausalModel inner, int shift) : ICausalModel
    {
        public ModelInfo Info => inner.Info with { Name = $"{inner.Info.Name} shifted by {shift}" };
        public Capabilities Capabilities => Capabilities.None;

        public string Explain(Capabilities missing) => "A shifted model offers nothing.";

        public ISequence CreateSequence() => inner.CreateSequence();

        public ValueTask ForwardAsync(ReadOnlyMemory<ForwardItem> items, CancellationToken cancellation = default) =>
            inner.ForwardAsync(items, cancellation);

        public void Dispose() => Disposed++;
    }
}

/// <summary>A constraint that allows everything once it is switched on.</summary>
public abstract class Anything : ITokenConstraint
{
    protected abstract bool On { get; }

    public bool IsActive => On;
    public ShapeState Start => default;

    public void Mask(in ShapeState state, Span<ulong> allowed) => allowed.Fill(ulong.MaxValue);

    public ShapeState Next(in ShapeState state, int token) => state;

    public bool Allows(in ShapeState state, int token) => true;
}

[TokenConstraint("first", "Allows everything.")]
public sealed class First : Anything
{
    [Option("first", "Switches it on.")]
    public bool Flag { get; set; }

    protected override bool On => Flag;
}

[TokenConstraint("second", "Allows everything.")]
public sealed class Second : Anything, IValidatableObject
{
    [Option("second", "Switches it on.")]
    public bool Flag { get; set; }

    [Option("second-words", "Words.")]
    public IReadOnlyList<string> Words { get; set; } = [];

    protected override bool On => Flag;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Flag && Words.Count == 1 ? [new ValidationResult("one word is not a choice; give two.")] : [];
}
