using System.Runtime.CompilerServices;

namespace Tokenwright.Tests.Seams;

/// <summary>Beam search: one sequence per beam, all of them in one forward, copies where a beam splits, and everything committed at the end.</summary>
internal sealed class BeamLoop(int width) : IDecodingLoop
{
    public Capabilities Needs => Capabilities.Fork | Capabilities.Batch;

    public async IAsyncEnumerable<Step> RunAsync(
        Generation generation,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        var model = generation.Target;
        int vocabulary = model.Info.VocabularySize;
        var root = model.CreateSequence();
        await generation.FeedPromptAsync(root, cancellation);
        var beams = new List<Beam> { new(root, [.. generation.TokensFrom(root.Tokens.Length).Span], [], 0) };
        for (int left = generation.Remaining; left > 0; left--)
        {
            ForwardItem[] items =
            [
                .. beams.Select(b => new ForwardItem
                {
                    Sequence = b.Sequence,
                    Tokens = b.Fed,
                    Wanted = new Wanted(RowSelection.Last),
                }),
            ];
            await model.ForwardAsync(items, cancellation);
            var best = beams
                .SelectMany(b =>
                    Enumerable.Range(0, vocabulary).Select(t => (Beam: b, Token: t, Score: b.Score + LogProbability(b, t)))
                )
                .OrderByDescending(c => c.Score)
                .Take(width)
                .ToList();
            foreach (var beam in beams)
            {
                beam.Sequence.Commit(beam.Fed.Length);
            }

            var next = best.ConvertAll(c => new Beam(
                c.Beam.Sequence.Fork(c.Beam.Sequence.Tokens.Length),
                [c.Token],
                [.. c.Beam.Output, c.Token],
                c.Score
            ));
            beams.ForEach(b => b.Sequence.Dispose());
            beams = next;
        }

        beams.ForEach(b => b.Sequence.Dispose());
        foreach (int token in beams[0].Output)
        {
            if (!generation.Emit(token))
            {
                break;
            }
        }

        yield return generation.TakeStep();
    }

    private static double LogProbability(Beam beam, int token)
    {
        var logits = beam.Sequence.Rows.Logits(beam.Fed.Length - 1);
        return logits[token] - Nucleus.LogSumExp(logits);
    }

    private sealed record Beam(ISequence Sequence, int[] Fed, int[] Output, double Score);
}
