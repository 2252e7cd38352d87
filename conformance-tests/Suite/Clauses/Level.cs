namespace Tokenwright.Conformance;

/// <summary>The levels that clauses are grouped in, each building on those before it.</summary>
public enum Level
{
    /// <summary>The host can load it, make its parts and give it up again.</summary>
    Loads,

    /// <summary>Every part keeps the contract of its seam.</summary>
    Behaves,

    /// <summary>At temperature 0, and by seed where that is promised, texts are those of plain decoding.</summary>
    Greedy,

    /// <summary>Sampled texts have the law of plain sampling.</summary>
    Law,

    /// <summary>Both hold under constraints.</summary>
    Constrained,

    /// <summary>Both hold beside other texts.</summary>
    Concurrent,

    /// <summary>It does the work that makes it worth having, and no more: passes saved, nothing allocated.</summary>
    Pays,
}

/// <summary>The names of levels.</summary>
public static class Levels
{
    /// <summary>What users type and read.</summary>
    public static string Name(this Level level) =>
        level switch
        {
            Level.Loads => "loads",
            Level.Behaves => "behaves",
            Level.Greedy => "greedy-lossless",
            Level.Law => "lossless-in-law",
            Level.Constrained => "constrained",
            Level.Concurrent => "concurrent",
            _ => "pays",
        };

    /// <summary>The level of a name; null where there is none.</summary>
    public static Level? Find(string name) =>
        Enum.GetValues<Level>().Where(level => level.Name() == name).Select(level => (Level?)level).FirstOrDefault();

    /// <summary>All names, the lowest level first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<Level>().Select(level => level.Name())];
}
