namespace Tokenwright.Plugins.JsonSchema.Schemas;

/// <summary>The meta-schemas that schemas refer to without supplying them.</summary>
internal static class Metaschemas
{
    public static string? Find(string address)
    {
        _ = address;
        return null;
    }
}
