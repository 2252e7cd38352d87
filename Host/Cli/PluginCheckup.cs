using System.Runtime.CompilerServices;
using Tokenwright.Host;

namespace Tokenwright.Cli;

/// <summary>What <c>plugins doctor</c> finds: what is wrong when plugins are loaded, when their parts are made, and when they are unloaded.</summary>
internal static class PluginCheckup
{
    private static readonly TimeSpan UnloadLimit = TimeSpan.FromSeconds(10);

    public static (PluginsDocument Document, IReadOnlyList<PluginDiagnostic> Diagnostics) Examine(HostSettings settings)
    {
        var diagnostics = new List<PluginDiagnostic>();
        var catalog = PluginCatalog.Load(settings);
        diagnostics.AddRange(catalog.Diagnostics);
        MakeParts(catalog, diagnostics);
        var document = PluginsDocument.From(catalog);
        diagnostics.AddRange(catalog.Unload(UnloadLimit));
        return (document with { Diagnostics = PluginsDocument.From(catalog, diagnostics).Diagnostics }, diagnostics);
    }

    // Apart, so that nothing of the parts is left on the stack when they are unloaded.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MakeParts(PluginCatalog catalog, List<PluginDiagnostic> diagnostics)
    {
        foreach (var part in catalog.Parts)
        {
            try
            {
                catalog.Create(part).Dispose();
            }
            catch (PluginException error)
            {
                diagnostics.Add(error.Diagnostic);
            }
            catch (Exception error)
            {
                diagnostics.Add(
                    new PluginDiagnostic(
                        PluginFault.PartFailed,
                        part.Plugin,
                        part.File,
                        $"disposing its {part}",
                        $"{error.GetType().Name}: {error.Message.TrimEnd('.')}.",
                        "Ask the plugin's author; disposing a part must not throw."
                    )
                );
            }
        }
    }
}
