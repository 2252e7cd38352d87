namespace Tokenwright.Plugins.JsonSchema;

/// <summary>A version of JSON Schema.</summary>
public enum Draft
{
    /// <summary>Draft 4.</summary>
    Four = 4,

    /// <summary>Draft 6.</summary>
    Six = 6,

    /// <summary>Draft 7.</summary>
    Seven = 7,

    /// <summary>Draft 2019-09.</summary>
    V201909 = 2019,

    /// <summary>Draft 2020-12.</summary>
    V202012 = 2020,
}
