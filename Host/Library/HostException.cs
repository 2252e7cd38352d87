namespace Tokenwright.Host;

/// <summary>Something the user can put right; the message is meant to be shown as it is.</summary>
public class HostException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>plugins.json is wrong: the message names the file, the line, the key and what is allowed.</summary>
public sealed class SettingsException(string message, Exception? inner = null) : HostException(message, inner);

/// <summary>A request is refused before its first token: the message names the part, what is wrong and the fix.</summary>
public sealed class PlanException(string message, Exception? inner = null) : HostException(message, inner);

/// <summary>A plugin, or one of its parts, cannot be used.</summary>
public sealed class PluginException(PluginDiagnostic diagnostic, Exception? inner = null)
    : HostException(diagnostic.ToString(), inner)
{
    /// <summary>What is wrong.</summary>
    public PluginDiagnostic Diagnostic { get; } = diagnostic;
}

/// <summary>A part or the model failed while a text was being generated.</summary>
public sealed class GenerationException(string message, Exception? inner = null) : HostException(message, inner)
{
    /// <summary>Which part failed and how (PLG014, PLG015); null where that is not known, or it was the loop or the model.</summary>
    public PluginDiagnostic? Diagnostic { get; init; }
}
