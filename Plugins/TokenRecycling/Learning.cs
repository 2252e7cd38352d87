namespace Tokenwright.Plugins.TokenRecycling;

/// <summary>Where a generation puts what it learns.</summary>
public enum Learning
{
    /// <summary>Into the store that all generations of the model share.</summary>
    Shared,

    /// <summary>Into a copy of that store, taken as the generation starts: it repeats as long as the shared store stays the same.</summary>
    Private,
}
