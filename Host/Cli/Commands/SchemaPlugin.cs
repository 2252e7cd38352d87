using System.Runtime.Loader;
using Tokenwright.Host;

namespace Tokenwright.Cli.Commands;

/// <summary>Makes the plugin that offers the constraint <c>json-schema</c> usable as a library.</summary>
/// <remarks>
/// Its DLL is not part of the executable: it is taken from where the plugins lie, so what is checked and measured is what constrains a text,
/// and there is one copy of its types.
/// </remarks>
internal static class SchemaPlugin
{
    private const string Constraint = "json-schema";
    private const string Assembly = "Tokenwright.Plugins.JsonSchema";

    /// <summary>Finds the DLL; after this the types of <see cref="SchemaWork"/> can be loaded.</summary>
    /// <exception cref="BadInputException">No plugin, or another one, offers the constraint.</exception>
    public static void Load(string? settings)
    {
        string? file;
        using (var plugins = PluginCatalog.Load(HostSettings.Load(settings)))
        {
            file = plugins.Find(Seam.Constraint, Constraint)?.File;
        }

        if (file is null)
        {
            throw new BadInputException(
                "The plugin JsonSchema is missing or disabled, and this command is its work. Put it into a plugin folder; 'tokenwright plugins list' says what is wrong."
            );
        }

        if (Path.GetFileNameWithoutExtension(file) != Assembly)
        {
            throw new BadInputException(
                $"The constraint '{Constraint}' comes from {file}, and this command needs the plugin JsonSchema."
            );
        }

        AssemblyLoadContext.Default.Resolving += (context, name) =>
            name.Name == Assembly ? context.LoadFromAssemblyPath(file) : null;
    }
}
