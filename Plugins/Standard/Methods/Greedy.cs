using System.ComponentModel.DataAnnotations;

namespace Tokenwright.Plugins.Standard;

/// <summary>Plain decoding with the most likely token.</summary>
[DecodingMethod("greedy", "Takes the most likely token, one a step.", Lossless = Lossless.Seed)]
public sealed class Greedy : IDecodingMethod
{
    /// <summary>Shared with the temperature processor; anything but 0 contradicts the method.</summary>
    [Option("temperature", "Must be 0 here: the most likely token is taken.")]
    [Range(
        0.0,
        0.0,
        ErrorMessage = "temperature must be 0 with --method greedy, which takes the most likely token; use --method sampling to sample."
    )]
    public double Temperature { get; set; }

    /// <inheritdoc/>
    public Recipe Recipe { get; } = new();
}
