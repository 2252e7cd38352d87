namespace Tokenwright.Host;

/// <summary>Something the user can put right; the message is meant to be shown as it is.</summary>
public class HostException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>plugins.json is wrong: the message names the file, the line, the key and what is allowed.</summary>
public sealed class SettingsException(string message, Exception? inner = null) : HostException(message, inner);

/// <summary>A request is refused before its first token: the message names the part, what is wrong and the fix.</summary>
public sealed class PlanException(string message, Exception? inner = null) : HostException(message, inner);

/// <summary>A part or the model failed while a text was being generated.</summary>
public sealed class GenerationException(string message, Exception? inner = null) : HostException(message, inner);
