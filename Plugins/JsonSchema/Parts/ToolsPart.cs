namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Keeps the text a call of one of some functions.</summary>
[TokenConstraint("tools", "Keeps the text a call of one of some functions, its arguments valid under that function's schema.")]
public sealed class ToolsPart : SchemaPart
{
    private ToolCalls? _calls;

    /// <summary>A file, or the list of functions itself.</summary>
    [Option("tools", "The file of a list of functions (name, description, parameters), or the list itself.")]
    public string? Tools { get; set; }

    /// <summary>How a call is written.</summary>
    [Option(
        "tool-format",
        "How a call is written: json (name, arguments), parameters (name, parameters), tagged (in <tool_call>)."
    )]
    public ToolFormat Format { get; set; }

    /// <inheritdoc/>
    public override bool IsActive => Tools is not null;

    /// <inheritdoc/>
    protected override TextOptions Text => _calls!.Text;

    /// <inheritdoc/>
    protected override CompiledSchema Compile()
    {
        _calls = ToolCalls.Read(SchemaText.Read("tools", Tools!), Format);
        return _calls.Schema;
    }
}
