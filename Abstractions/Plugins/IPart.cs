namespace Tokenwright;

/// <summary>What a plugin fills a seam with. Parts are made anew for every generation and are used by one caller at a time.</summary>
/// <remarks>
/// A part is a public class with a parameterless constructor, exported by one of the <see cref="PartAttribute"/>s. Its options are public
/// settable properties with an <see cref="OptionAttribute"/>; the host sets and validates them, then calls <see cref="PrepareAsync"/> once.
/// A part that is also <see cref="IDisposable"/> is disposed with its generation.
/// </remarks>
public interface IPart
{
    /// <summary>What this part, with its present options, needs of the target. The planner refuses a recipe that lacks it.</summary>
    Capabilities Needs => Capabilities.None;

    /// <summary>Called once, after the options are set and before the first token; by default does nothing.</summary>
    /// <exception cref="InvalidOperationException">The part cannot work here; the message says why and what to do.</exception>
    ValueTask PrepareAsync(PartContext context, CancellationToken cancellation = default) => default;
}
