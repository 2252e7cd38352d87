using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Tokenwright.Host;

/// <summary>What a DLL says about itself, read without loading it.</summary>
/// <param name="References">The assemblies it refers to.</param>
internal sealed record AssemblyFacts(IReadOnlyList<AssemblyName> References)
{
    private static readonly AssemblyName Contracts = typeof(IPart).Assembly.GetName();

    /// <summary>The version of the contracts it was built against; null where it does not refer to them.</summary>
    public Version? Contract => References.FirstOrDefault(reference => reference.Name == Contracts.Name)?.Version;

    /// <summary>Reads a file; null when it is no .NET assembly.</summary>
    public static AssemblyFacts? Read(string file)
    {
        try
        {
            using var image = new PEReader(File.OpenRead(file));
            if (!image.HasMetadata)
            {
                return null;
            }

            var metadata = image.GetMetadataReader();
            return metadata.IsAssembly
                ? new AssemblyFacts([
                    .. metadata.AssemblyReferences.Select(handle => metadata.GetAssemblyReference(handle).GetAssemblyName()),
                ])
                : null;
        }
        catch (BadImageFormatException)
        {
            return null;
        }
    }
}
