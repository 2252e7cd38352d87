using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using Tokenwright;

namespace Basics;

/// <summary>The least that a host can generate with, so that its tests stand on nothing else.</summary>
[DecodingMethod("greedy", "Takes the likeliest token.", Lossless = Lossless.Yes)]
public sealed class Greedy : IDecodingMethod
{
    [Option("temperature", "Must be 0.")]
    [Range(0.0, 0.0, ErrorMessage = "greedy takes the likeliest token; use the method sampling.")]
    public double Temperature { get; set; }

    public Recipe Recipe => new();
}

[DecodingMethod("sampling", "Draws tokens.", Lossless = Lossless.Seed)]
public sealed class Sampling : IDecodingMethod
{
    public Recipe Recipe => new();
}

[LogitsProcessor("temperature", "Sharpens or flattens.")]
public sealed class TemperatureProcessor : ILogitsProcessor
{
    [Option("temperature", "Divides logits; 0 takes the likeliest token.")]
    [Range(0.0, 100.0)]
    public double Temperature { get; set; }

    public ShapeStage Stage => ShapeStage.Temperature;
    public bool IsActive => Temperature != 1;
    public bool ChangesArgMax => false;
    public bool TakesArgMax => Temperature == 0;

    public void Apply(in TokenPath path, in ShapeState state, Distribution row)
    {
        if (TakesArgMax)
        {
            row.KeepOnly(row.ArgMax());
            return;
        }

        foreach (ref float logit in row.Change())
        {
            logit /= (float)Temperature;
        }
    }
}

[Verifier("agree", "Keeps what plain decoding picks.", Lossless = Lossless.Seed)]
public sealed class Agree : IVerifier
{
    public ProposalModes Accepts => ProposalModes.Any;

    public void Verify(Verification verification) => verification.Finish(verification.Pick(0));
}

[Verifier("picky", "Accepts deterministic drafts alone.")]
public sealed class Picky : IVerifier
{
    public ProposalModes Accepts => ProposalModes.Deterministic;

    public void Verify(Verification verification) => verification.Finish(verification.Pick(0));
}

/// <summary>Plain decoding, and a step of two tokens where the option says so.</summary>
[DecodingLoop("draft-then-verify", "One token a step.")]
public sealed class Loop : IDecodingLoop
{
    [Option("max-nodes", "Not used here.")]
    [Range(0, 1024)]
    public int MaxNodes { get; set; } = 128;

    [Option("fail-at", "Throws before this token; 0 never.")]
    [Range(0, int.MaxValue)]
    public int FailAt { get; set; }

    public async IAsyncEnumerable<Step> RunAsync(
        Generation generation,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        using var sequence = generation.Target.CreateSequence();
        var verification = generation.Verification;
        var fed = generation.TokensFrom(0);
        while (!generation.IsFinished)
        {
            cancellation.ThrowIfCancellationRequested();
            if (generation.Statistics.Tokens + 1 == FailAt)
            {
                throw new InvalidOperationException("the loop was told to fail.");
            }

            verification.Begin(0);
            verification.Tree.Arrange(fed.Length - 1);
            var item = new ForwardItem
            {
                Sequence = sequence,
                Tokens = fed,
                Wanted = generation.Wanted(RowSelection.Last),
            };
            await generation.Target.ForwardAsync(new[] { item }, cancellation);
            verification.Bind(sequence.Rows);
            generation.Verifier.Verify(verification);
            sequence.Commit(fed.Length);
            verification.End();
            yield return generation.TakeStep();
            fed = generation.TokensFrom(generation.Tokens.Length - 1);
        }
    }
}
