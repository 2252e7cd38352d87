namespace Tokenwright;

/// <summary>What a generation cost, counted as it runs.</summary>
public sealed class Statistics
{
    /// <summary>Steps, the first being that of the prompt's last part; each commits one or more tokens.</summary>
    public int Steps { get; set; }

    /// <summary>Forwards of the target, those of the prompt included.</summary>
    public int ForwardPasses { get; set; }

    /// <summary>Rows fed to the target, those of the prompt included.</summary>
    public long Rows { get; set; }

    /// <summary>Draft nodes that were checked.</summary>
    public long Drafted { get; set; }

    /// <summary>Draft nodes that were kept.</summary>
    public long Accepted { get; set; }

    /// <summary>Tokens committed.</summary>
    public int Tokens { get; set; }

    /// <summary>Committed tokens per step; the first token comes with the prompt and its step counts too.</summary>
    public double TokensPerPass => Steps == 0 ? 0 : (double)Tokens / Steps;

    /// <summary>Wall time from the start of the prompt.</summary>
    public TimeSpan Total { get; set; }

    /// <summary>Forwards of the target over the prompt, the one that yields the first token included.</summary>
    public TimeSpan Prefill { get; set; }

    /// <summary>Forwards of the target after the prompt.</summary>
    public TimeSpan Model { get; set; }

    /// <summary>Drafting and learning, models of the drafter included.</summary>
    public TimeSpan Draft { get; set; }

    /// <summary>Shaping distributions.</summary>
    public TimeSpan Shape { get; set; }

    /// <summary>Verification without shaping.</summary>
    public TimeSpan Verify { get; set; }

    /// <summary>Counts one forward of the target.</summary>
    /// <param name="rows">Rows fed.</param>
    /// <param name="elapsed">Its wall time.</param>
    /// <param name="isPrompt">Whether the rows were the prompt's.</param>
    public void CountForward(int rows, TimeSpan elapsed, bool isPrompt)
    {
        ForwardPasses++;
        Rows += rows;
        if (isPrompt)
        {
            Prefill += elapsed;
        }
        else
        {
            Model += elapsed;
        }
    }

    /// <summary>The rest of <see cref="Total"/>: the loop, the cache, stop rules, events.</summary>
    public TimeSpan Own => Total - Prefill - Model - Draft - Shape - Verify;
}
