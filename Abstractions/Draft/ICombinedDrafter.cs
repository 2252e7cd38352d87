namespace Tokenwright;

/// <summary>A drafter made of other drafters.</summary>
/// <remarks>
/// The host sets its options first, then makes the drafters that it names, and treats them like every other part of the recipe: their options
/// are options of the recipe, their needs are checked, they are prepared and disposed. The combination calls their other members only.
/// </remarks>
public interface ICombinedDrafter : IDrafter
{
    /// <summary>The ids of the drafters it is made of; known once its options are set. A combined drafter cannot be among them.</summary>
    IReadOnlyList<string> DrafterIds { get; }

    /// <summary>The drafters, in the order of <see cref="DrafterIds"/>; set once, before <see cref="IPart.Needs"/> and <see cref="IDrafter.Proposes"/> are asked for.</summary>
    IReadOnlyList<IDrafter> Drafters { get; set; }
}
