namespace Tokenwright.Conformance;

/// <summary>Texts made beside one another: interleaved at every draw and every forward, and on threads.</summary>
internal static class Together
{
    /// <summary>Each text is the one that is made alone.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="what">What is made.</param>
    /// <param name="request">A request of a text; its model is a table.</param>
    public static async Task CheckAsync(Trial trial, string what, Func<IRandomness, Request> request)
    {
        var alone = new List<Text>();
        for (int i = 0; i < 8; i++)
        {
            alone.Add(await Run.TextAsync(request(Seed(trial, i)), trial.Cancellation).ConfigureAwait(false));
        }

        trial.Case = $"{what}, another text advancing at every draw and forward";
        for (int i = 0; i < 4; i++)
        {
            using var other = await Stepper.StartAsync(request(Seed(trial, i + 4))).ConfigureAwait(false);
            var beside = request(new Interrupted(Seed(trial, i), other.Advance));
            var table = beside.Model as TableModel;
            if (table is not null)
            {
                table.Forwarding = other.Advance;
            }

            var text = await Run.TextAsync(beside, trial.Cancellation).ConfigureAwait(false);
            if (table is not null)
            {
                table.Forwarding = null;
            }

            other.Finish();
            Same(trial, alone[i], text.Tokens);
            Same(trial, alone[i + 4], other.Tokens);
        }

        trial.Case = $"{what}, eight texts on threads";
        for (int round = 0; round < 3; round++)
        {
            var texts = await Task.WhenAll(
                    Enumerable
                        .Range(0, 8)
                        .Select(i =>
                            Task.Run(() => Run.TextAsync(request(Seed(trial, i)), trial.Cancellation), trial.Cancellation)
                        )
                )
                .ConfigureAwait(false);
            for (int i = 0; i < texts.Length; i++)
            {
                Same(trial, alone[i], texts[i].Tokens);
            }
        }
    }

    private static KeyedRandomness Seed(Trial trial, int i) => new((ulong)(trial.Seed * 100 + i));

    private static void Same(Trial trial, Text alone, IReadOnlyList<int> beside)
    {
        int at = alone.Tokens.ToArray().AsSpan().CommonPrefixLength(beside.ToArray());
        if (at < alone.Tokens.Count || at < beside.Count)
        {
            trial.Break(
                "The text parts from the one that is made alone.",
                [.. alone.Tokens.Take(at)],
                at < alone.Tokens.Count ? $"token {alone.Tokens[at]}" : "the end",
                at < beside.Count ? $"token {beside[at]}" : "the end"
            );
        }
    }

    // One text that is advanced step by step from inside another one.
    private sealed class Stepper : IDisposable
    {
        private readonly IAsyncEnumerator<Step> _steps;
        private readonly Request _request;
        private bool _isInside;
        private bool _isFinished;

        private Stepper(Request request, Generation generation)
        {
            _request = request;
            _steps = request.Loop.RunAsync(generation).GetAsyncEnumerator();
        }

        public List<int> Tokens { get; } = [];

        public static async Task<Stepper> StartAsync(Request request) =>
            new(request, await Run.StartAsync(request).ConfigureAwait(false));

        public void Advance()
        {
            if (_isInside || _isFinished)
            {
                return;
            }

            _isInside = true;
            if (_steps.MoveNextAsync().AsTask().GetAwaiter().GetResult())
            {
                Tokens.AddRange(_steps.Current.Tokens.Span);
            }
            else
            {
                _isFinished = true;
            }

            _isInside = false;
        }

        public void Finish()
        {
            while (!_isFinished)
            {
                Advance();
            }
        }

        public void Dispose()
        {
            _steps.DisposeAsync().AsTask().GetAwaiter().GetResult();
            foreach (var part in Run.Parts(_request).OfType<IDisposable>())
            {
                part.Dispose();
            }
        }
    }

    private sealed class Interrupted(IRandomness inner, Action interrupt) : IRandomness
    {
        public int Pick(in DrawKey key, ReadOnlySpan<float> logits)
        {
            interrupt();
            return inner.Pick(key, logits);
        }

        public int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<float> logits)
        {
            interrupt();
            return inner.Pick(key, ids, logits);
        }

        public int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<double> weights)
        {
            interrupt();
            return inner.Pick(key, ids, weights);
        }

        public bool Flip(in DrawKey key, double probability)
        {
            interrupt();
            return inner.Flip(key, probability);
        }
    }
}
