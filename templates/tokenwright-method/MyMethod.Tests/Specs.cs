using System.Reflection;
using Tokenwright.Conformance.Specs;

namespace MyMethod.Tests;

// The clauses of the conformance suite, one class for each seam that the plugin fills. 'tokenwright conform --explain DRF-010' tells what
// a clause promises, why, and how it is tested; a test that does not fit is overridden.

/// <summary>What holds for the plugin as a whole.</summary>
public sealed class PluginHolds : PluginSpecs
{
    protected override string PluginDll => Built.Dll;
}

/// <summary>What holds for its methods.</summary>
public sealed class MethodHolds : MethodSpecs
{
    protected override string PluginDll => Built.Dll;
}

/// <summary>What holds for its drafters.</summary>
public sealed class DrafterHolds : DrafterSpecs
{
    protected override string PluginDll => Built.Dll;
}

internal static class Built
{
    public static string Dll { get; } =
        typeof(Built).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "PluginDll").Value!;
}
