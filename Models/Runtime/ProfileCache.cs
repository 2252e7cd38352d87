using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Tokenwright.Models.Runtime;

/// <summary>Profiles t(n) on disk, one per built graph, machine and number of threads: measured once, then read.</summary>
/// <param name="folder">The cache's folder.</param>
public sealed class ProfileCache(string folder)
{
    private readonly string _profiles = Path.Combine(folder, "profiles");

    /// <summary>The profile of a model; measured now, in about a hundred forwards, if it is not there.</summary>
    /// <remarks>A profile that cannot be written is measured again next time.</remarks>
    public async ValueTask<ForwardProfile> GetAsync(OnnxCausalModel model, CancellationToken cancellation = default)
    {
        string file = Path.Combine(_profiles, Key(model) + ".json");
        if (TryRead(file) is { } known)
        {
            return known;
        }

        var profile = await ForwardProfile.MeasureAsync(model, cancellation).ConfigureAwait(false);
        TryWrite(file, profile);
        return profile;
    }

    private static string Key(OnnxCausalModel model)
    {
        string machine = string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.MachineName}-{RuntimeInformation.ProcessArchitecture}-{Environment.ProcessorCount}-{OnnxEnvironment.Threads}"
        );
        // An imported model's folder has the name that its user gave it, which another model may get later.
        return $"{model.Graph.Id}-{model.Graph.Manifest.WeightBytes}-{string.Concat(machine.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'))}";
    }

    private static ForwardProfile? TryRead(string file)
    {
        try
        {
            var table = JsonSerializer.Deserialize<Table>(File.ReadAllText(file));
            return table is null ? null : new ForwardProfile(table.Pasts, table.Rows, table.Milliseconds);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ArgumentException)
        {
            return null;
        }
    }

    private static void TryWrite(string file, ForwardProfile profile)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            string temporary = $"{file}.{Guid.NewGuid():N}";
            File.WriteAllText(temporary, JsonSerializer.Serialize(new Table(profile.Pasts, profile.Rows, profile.Table)));
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is measured again next time.
        }
    }

    private sealed record Table(
        IReadOnlyList<int> Pasts,
        IReadOnlyList<int> Rows,
        IReadOnlyList<IReadOnlyList<double>> Milliseconds
    );
}
