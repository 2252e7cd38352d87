using System.Reflection;
using System.Runtime.Loader;

namespace Tokenwright.Host;

/// <summary>One plugin's assemblies, apart from those of all others. Isolation, not a sandbox: its code has the rights of the process.</summary>
internal sealed class PluginLoadContext(PluginFile file) : AssemblyLoadContext(file.MainDll, isCollectible: true)
{
    private static readonly Assembly Contracts = typeof(IPart).Assembly;
    private static readonly AssemblyLoadContext Shared = GetLoadContext(Contracts) ?? Default;

    private readonly AssemblyDependencyResolver _resolver = new(file.Copy);
    private readonly string _directory = Path.GetDirectoryName(file.Copy) + Path.DirectorySeparatorChar;

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == Contracts.GetName().Name)
        {
            return Contracts;
        }

        if (IsShared(assemblyName.Name!) && TryLoadShared(assemblyName) is { } shared)
        {
            return shared;
        }

        return Inside(_resolver.ResolveAssemblyToPath(assemblyName)) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        Inside(_resolver.ResolveUnmanagedDllToPath(unmanagedDllName)) is { } path ? LoadUnmanagedDllFromPath(path) : 0;

    // Only what was copied and hashed.
    private string? Inside(string? path) =>
        path is not null && Path.GetFullPath(path).StartsWith(_directory, StringComparison.Ordinal) ? path : null;

    // Types of these cross between host and plugin, or (Tensors) one copy is enough; a type from another copy is another type.
    private static bool IsShared(string name) =>
        name.StartsWith("System.Composition.", StringComparison.Ordinal)
        || name == "System.Numerics.Tensors"
        || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
            && name.EndsWith(".Abstractions", StringComparison.Ordinal);

    // What the host does not have, or has too old, the plugin may bring itself.
    private static Assembly? TryLoadShared(AssemblyName name)
    {
        try
        {
            return Shared.LoadFromAssemblyName(name);
        }
        catch (Exception error) when (error is FileNotFoundException or FileLoadException)
        {
            return null;
        }
    }
}
