namespace Tokenwright;

/// <summary>Makes a public settable property of a part an option that users set by name.</summary>
/// <remarks>
/// The property's initial value is the default. Types: bool, int, long, float, double, string, enums, <see cref="NodeCount"/>, their nullable
/// forms, and lists of them (comma-separated). Ranges are said with the attributes of System.ComponentModel.DataAnnotations and checked by the host.
/// Parts of one recipe that declare the same name share the value.
/// </remarks>
/// <param name="name">Lower-case words joined by hyphens.</param>
/// <param name="description">One sentence: what it does, in which unit, which value turns it off.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionAttribute(string name, string description) : Attribute
{
    /// <summary>The name that users type.</summary>
    public string Name { get; } = name;

    /// <summary>One sentence of help.</summary>
    public string Description { get; } = description;
}
