namespace Tokenwright.Plugins.DraftModel;

/// <summary>How the draft model takes its tokens.</summary>
public enum Propose
{
    /// <summary>As the verifier can use them: picks where it accepts deterministic children, else samples.</summary>
    Auto,

    /// <summary>The token that the target's own noise picks from the draft's distribution.</summary>
    Pick,

    /// <summary>A token drawn from the draft's distribution by draws of its own.</summary>
    Sample,
}
