using System.Globalization;
using Tokenwright.Models.Builder;

namespace Tokenwright.Benchmarks.Peer;

/// <summary>What is compared.</summary>
internal sealed record PeerSettings
{
    public required IReadOnlyList<string> Models { get; init; }

    public required ContenderCommand Peer { get; init; }

    public IReadOnlyList<WeightPrecision> Precisions { get; init; } = [WeightPrecision.Float32];

    public IReadOnlyList<int> Prompts { get; init; } = [64, 512];

    public int New { get; init; } = 256;

    /// <summary>How often all contenders are started.</summary>
    public int Starts { get; init; } = 3;

    /// <summary>Turns of each after every start.</summary>
    public int Rounds { get; init; } = 8;

    /// <summary>Measured generations of a turn, after one that is not.</summary>
    public int Runs { get; init; } = 1;

    public int Threads { get; init; } = 2;

    /// <summary>Whether the exported graph scores every row of a prompt.</summary>
    public bool AllLogits { get; init; }

    /// <summary>What prompts are the beginning of.</summary>
    public string Text { get; init; } = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Decoding", "precision.txt"));

    /// <summary>A .md file for the report; the same name with .json holds every run.</summary>
    public string? Output { get; init; }

    public static PeerSettings Parse(string[] arguments)
    {
        var settings = new PeerSettings { Models = [], Peer = new ContenderCommand([]) };
        List<string> models = [];
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (!name.StartsWith("--", StringComparison.Ordinal))
            {
                models.Add(name);
                continue;
            }

            if (name == "--all-logits")
            {
                settings = settings with { AllLogits = true };
                continue;
            }

            string value = i + 1 < arguments.Length ? arguments[++i] : throw new ArgumentException($"{name} needs a value.");
            settings = name switch
            {
                "--peer" => settings with { Peer = ContenderCommand.Parse(value) },
                "--precision" => settings with
                {
                    Precisions = [.. value.Split(',').Select(word => Enum.Parse<WeightPrecision>(word, ignoreCase: true))],
                },
                "--prompts" => settings with { Prompts = [.. value.Split(',').Select(Number)] },
                "--new" => settings with { New = Number(value) },
                "--starts" => settings with { Starts = Number(value) },
                "--rounds" => settings with { Rounds = Number(value) },
                "--runs" => settings with { Runs = Number(value) },
                "--threads" => settings with { Threads = Number(value) },
                "--text" => settings with { Text = File.ReadAllText(value) },
                "--out" => settings with { Output = value },
                _ => throw new ArgumentException($"There is no option {name}."),
            };
        }

        return models.Count > 0 ? settings with { Models = models } : throw new ArgumentException("Name at least one model.");
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
