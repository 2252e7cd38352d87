namespace Tokenwright.Plugins.JsonSchema;

/// <summary>In which order the keys of an object come.</summary>
public enum KeyOrder
{
    /// <summary>Any: what JSON Schema means.</summary>
    Any,

    /// <summary>Properties in the order in which the schema lists them, then keys that it does not list. Optional ones may be left out.</summary>
    Schema,
}
