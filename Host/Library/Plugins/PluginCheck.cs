using NuGet.Versioning;

namespace Tokenwright.Host;

/// <summary>What can be known of a plugin before any of it is loaded: its files' hashes and the contracts it was made for.</summary>
/// <param name="settings">The policy, and what plugins.json says of the plugin.</param>
/// <param name="report">Takes what is wrong and does not keep the plugin from being loaded.</param>
internal sealed class PluginCheck(HostSettings settings, Action<PluginDiagnostic> report)
{
    private const string Hashing = "checking its hashes";
    private const string Reading = "reading it";
    private const string Contracts = "Tokenwright.Abstractions";

    private static readonly NuGetVersion Present = NuGetVersion.Parse(Plugin.ContractVersion());

    /// <summary>Checks a plugin.</summary>
    /// <returns>What its main DLL says of itself.</returns>
    /// <exception cref="RefusedException">It may not be loaded.</exception>
    public AssemblyFacts Check(PluginFile file, ShadowCopy copy)
    {
        var entry = settings.For(file.Name);
        var manifest = Manifest(copy);
        CheckHashes(file, entry, manifest, copy);
        if (AssemblyFacts.Read(file.Copy) is not { } facts)
        {
            throw new RefusedException(
                PluginFault.LoadFailed,
                Reading,
                "It is not a .NET assembly.",
                "Build the plugin as a class library for .NET; native libraries go into the folder of the plugin that uses them."
            );
        }

        CheckContract(facts);
        CheckRange(facts.ContractRange, "Its DLL");
        CheckRange(manifest.Contract, $"Its {PluginManifest.FileName}");
        CheckRange(entry.Contract, "plugins.json");
        if (copy.Hashes.ContainsKey(Contracts + ".dll"))
        {
            report(
                new PluginDiagnostic(
                    PluginFault.PrivateContract,
                    file.Name,
                    file.MainDll,
                    Reading,
                    $"A copy of {Contracts}.dll lies beside it; the host uses its own and ignores the copy.",
                    "Delete the copy, and reference the contracts with Private=\"false\" and ExcludeAssets=\"runtime\"."
                )
            );
        }

        return facts;
    }

    private static PluginManifest Manifest(ShadowCopy copy)
    {
        if (!copy.Hashes.ContainsKey(PluginManifest.FileName))
        {
            return new PluginManifest();
        }

        try
        {
            return SettingsFile.ReadManifest(
                PluginManifest.FileName,
                File.ReadAllBytes(Path.Combine(copy.Folder, PluginManifest.FileName))
            );
        }
        catch (SettingsException error)
        {
            throw new RefusedException(
                PluginFault.Manifest,
                "reading its manifest",
                error.Message,
                "Write it again with 'tokenwright plugins pack', or delete it: a plugin needs none."
            );
        }
    }

    private void CheckHashes(PluginFile file, PluginSettings entry, PluginManifest manifest, ShadowCopy copy)
    {
        if (settings.Hashes == HashPolicy.Off)
        {
            return;
        }

        var packed = copy.Hashes.Where(pair => pair.Key != PluginManifest.FileName);
        if (manifest.Files.Count > 0 && Difference(manifest.Files, packed, PluginManifest.FileName) is { } damage)
        {
            Refuse(
                file,
                PluginFault.HashMismatch,
                $"It is not as its author packed it: {damage}",
                "Fetch it again, or pack it again if you are the author."
            );
        }

        string pin = $"'tokenwright plugins hash {file.Name} --json' prints the entry.";
        if (entry.Files.Count > 0)
        {
            if (Difference(entry.Files, copy.Hashes, HostSettings.FileName) is { } change)
            {
                Refuse(
                    file,
                    PluginFault.HashMismatch,
                    change,
                    $"If you trust what is there now, put its hashes into plugins.json: {pin} Else restore what was there."
                );
            }
        }
        else if (settings.Hashes is HashPolicy.Strict or HashPolicy.Warn)
        {
            Refuse(
                file,
                PluginFault.NotPinned,
                $"plugins.json pins none of its files, and the policy is {settings.Hashes.ToString().ToLowerInvariant()}.",
                $"If you trust it, put its hashes into plugins.json: {pin}"
            );
        }
    }

    // The first file that is not as it is pinned; null where all are.
    private static string? Difference(
        IReadOnlyDictionary<string, string> pinned,
        IEnumerable<KeyValuePair<string, string>> found,
        string by
    )
    {
        var left = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, hash) in pinned)
        {
            left.Add(name, hash);
        }

        foreach (var (name, actual) in found)
        {
            if (!left.Remove(name, out string? wanted))
            {
                return $"{name} is there, and {by} does not name it.";
            }

            if (wanted != actual)
            {
                return $"{name} is not the file that {by} names: its SHA-256 is {actual}, allowed is {wanted}.";
            }
        }

        return left.Count == 0 ? null : $"{left.Keys.First()} is missing, and {by} names it.";
    }

    private void Refuse(PluginFile file, PluginFault fault, string cause, string fix)
    {
        var refused = new RefusedException(fault, Hashing, cause, fix);
        if (settings.Hashes != HashPolicy.Warn)
        {
            throw refused;
        }

        report(refused.About(file.Name, file.MainDll));
    }

    private static void CheckContract(AssemblyFacts facts)
    {
        if (facts.Contract is { } contract && contract.Major != Present.Major)
        {
            throw WrongContract(
                $"It was built against version {contract.Major} of {Contracts}; this host has version {Present}."
            );
        }
    }

    private static void CheckRange(string? text, string where)
    {
        if (text is null)
        {
            return;
        }

        if (!VersionRange.TryParse(text, allowFloating: false, out var range))
        {
            throw WrongContract($"{where} says that it is made for {Contracts} '{text}', which is no range of versions.");
        }

        if (!range.Satisfies(Present))
        {
            throw WrongContract($"{where} says that it is made for {Contracts} {text}; this host has version {Present}.");
        }
    }

    private static RefusedException WrongContract(string cause) =>
        new(
            PluginFault.ContractVersion,
            Reading,
            cause,
            $"Build it against {Contracts} {Present}, or take a build for this version."
        );
}
