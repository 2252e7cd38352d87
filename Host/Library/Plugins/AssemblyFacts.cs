using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Tokenwright.Host;

/// <summary>What a DLL says about itself, read without loading it.</summary>
/// <param name="References">The assemblies it refers to.</param>
/// <param name="ContractRange">The versions of the contracts it was made for, a NuGet range; null where it does not say.</param>
internal sealed record AssemblyFacts(IReadOnlyList<AssemblyName> References, string? ContractRange)
{
    /// <summary>The key of the assembly's metadata that holds <see cref="ContractRange"/>; the targets of the contracts' package write it.</summary>
    public const string RangeKey = "Tokenwright.Contract";

    private static readonly AssemblyName Contracts = typeof(IPart).Assembly.GetName();

    /// <summary>The version of the contracts it was built against; null where it does not refer to them.</summary>
    public Version? Contract => References.FirstOrDefault(reference => reference.Name == Contracts.Name)?.Version;

    /// <summary>Reads a file; null when it is no .NET assembly.</summary>
    public static AssemblyFacts? Read(string file)
    {
        byte[] content = File.ReadAllBytes(file);
        try
        {
            using var image = new PEReader(new MemoryStream(content));
            if (!image.HasMetadata)
            {
                return null;
            }

            var metadata = image.GetMetadataReader();
            return metadata.IsAssembly
                ? new AssemblyFacts(
                    [.. metadata.AssemblyReferences.Select(handle => metadata.GetAssemblyReference(handle).GetAssemblyName())],
                    RangeOf(metadata)
                )
                : null;
        }
        catch (Exception error)
            when (error
                    is BadImageFormatException
                        or IOException
                        or ArgumentException
                        or OverflowException
                        or InvalidOperationException
                        or System.Globalization.CultureNotFoundException
            )
        {
            // The content is all in memory: only what is in it can be wrong.
            return null;
        }
    }

    private static string? RangeOf(MetadataReader metadata)
    {
        foreach (var handle in metadata.GetAssemblyDefinition().GetCustomAttributes())
        {
            var attribute = metadata.GetCustomAttribute(handle);
            if (TypeOf(metadata, attribute) != nameof(AssemblyMetadataAttribute))
            {
                continue;
            }

            var value = metadata.GetBlobReader(attribute.Value);
            if (value.ReadUInt16() == 1 && value.ReadSerializedString() == RangeKey)
            {
                return value.ReadSerializedString();
            }
        }

        return null;
    }

    private static string? TypeOf(MetadataReader metadata, CustomAttribute attribute) =>
        attribute.Constructor.Kind == HandleKind.MemberReference
        && metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent
            is { Kind: HandleKind.TypeReference } parent
            ? metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)parent).Name)
            : null;
}
