using System.Text;
using System.Text.Json;

namespace Tokenwright.Host;

/// <summary>Reads plugins.json strictly: whatever it does not know is an error that says where it stands and what is allowed.</summary>
internal ref struct SettingsFile
{
    private readonly string _file;
    private readonly ReadOnlySpan<byte> _json;
    private Utf8JsonReader _reader;

    private SettingsFile(string file, ReadOnlySpan<byte> json)
    {
        _file = file;
        _json = json;
        _reader = new Utf8JsonReader(
            json,
            new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
        );
    }

    /// <summary>Reads the settings.</summary>
    /// <param name="file">The full path, to which folders are relative.</param>
    /// <param name="json">Its content, UTF-8.</param>
    public static HostSettings Read(string file, ReadOnlySpan<byte> json)
    {
        if (json.StartsWith(Encoding.UTF8.Preamble))
        {
            json = json[3..];
        }

        var reader = new SettingsFile(file, json);
        try
        {
            return reader.ReadAll();
        }
        catch (JsonException error)
        {
            string cause = error.Message.Split(" LineNumber:")[0].Split(" Change the reader options")[0];
            throw new SettingsException(
                $"{file}, line {error.LineNumber + 1}, position {error.BytePositionInLine + 1}: not valid JSON: {cause}",
                error
            );
        }
    }

    private HostSettings ReadAll()
    {
        string directory = Path.GetDirectoryName(_file)!;
        string[] folders = ["plugins"];
        var plugins = new Dictionary<string, PluginSettings>(StringComparer.Ordinal);
        var defaults = new DefaultSettings();
        var keys = new HashSet<string>();
        _reader.Read();
        RequireObject("the file");
        while (NextKey("the file", keys, "$schema", "folders", "plugins", "defaults") is { } key)
        {
            switch (key)
            {
                case "$schema":
                    Text(key);
                    break;
                case "folders":
                    folders = [.. Texts(key)];
                    break;
                case "plugins":
                    RequireObject("'plugins'");
                    var names = new HashSet<string>();
                    while (NextKey("'plugins'", names) is { } name)
                    {
                        plugins.Add(name, Plugin(name));
                    }

                    break;
                default:
                    defaults = Defaults();
                    break;
            }
        }

        // What follows the closing brace must be nothing; reading on makes the reader complain of anything else.
        while (_reader.Read()) { }

        return new HostSettings
        {
            File = _file,
            Folders = [.. folders.Select(folder => Path.GetFullPath(folder, directory))],
            Plugins = plugins,
            Defaults = defaults,
        };
    }

    private PluginSettings Plugin(string name)
    {
        var plugin = new PluginSettings();
        string where = $"plugin '{name}'";
        RequireObject(where);
        var keys = new HashSet<string>();
        while (NextKey(where, keys, "enabled", "sha256", "options") is { } key)
        {
            switch (key)
            {
                case "enabled":
                    plugin = plugin with { Enabled = Flag(key) };
                    break;
                case "sha256":
                    string hash = Text(key).ToLowerInvariant();
                    if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit))
                    {
                        throw Error($"'sha256' of {where} must be 64 hexadecimal digits.");
                    }

                    plugin = plugin with { Sha256 = hash };
                    break;
                default:
                    plugin = plugin with { Options = Options(where) };
                    break;
            }
        }

        return plugin;
    }

    private Dictionary<string, string> Options(string where)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        RequireObject($"'options' of {where}");
        var keys = new HashSet<string>();
        while (NextKey($"'options' of {where}", keys) is { } name)
        {
            if (_reader.TokenType == JsonTokenType.StartArray)
            {
                var elements = new List<string>();
                while (NextElement())
                {
                    elements.Add(Scalar($"an element of option '{name}'"));
                }

                options.Add(name, OptionText.Join(elements));
            }
            else
            {
                options.Add(name, Scalar($"option '{name}'"));
            }
        }

        return options;
    }

    private DefaultSettings Defaults()
    {
        var defaults = new DefaultSettings();
        RequireObject("'defaults'");
        var keys = new HashSet<string>();
        while (NextKey("'defaults'", keys, "method", "samplingMethod", "constrainedDrafter", "model") is { } key)
        {
            string value = Text(key);
            defaults = key switch
            {
                "method" => defaults with { Method = value },
                "samplingMethod" => defaults with { SamplingMethod = value },
                "constrainedDrafter" => defaults with { ConstrainedDrafter = value },
                _ => defaults with { Model = value },
            };
        }

        return defaults;
    }

    // Moves to the value of the next key of the object that is open; null at its end. No allowed keys means any.
    private string? NextKey(string where, HashSet<string> seen, params ReadOnlySpan<string> allowed)
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.EndObject)
        {
            return null;
        }

        string key = _reader.GetString()!;
        if (allowed.Length > 0 && !allowed.Contains(key))
        {
            throw Error(
                $"unknown key '{key}' in {where}.{Spelling.Hint(key, allowed.ToArray())} Allowed are {string.Join(", ", allowed.ToArray())}."
            );
        }

        if (!seen.Add(key))
        {
            throw Error($"the key '{key}' stands twice in {where}.");
        }

        _reader.Read();
        return key;
    }

    private bool NextElement()
    {
        _reader.Read();
        return _reader.TokenType != JsonTokenType.EndArray;
    }

    private void RequireObject(string what)
    {
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            throw Error($"{what} must be an object {{ … }}, not {Found()}.");
        }
    }

    private bool Flag(string key) =>
        _reader.TokenType is JsonTokenType.True or JsonTokenType.False
            ? _reader.GetBoolean()
            : throw Error($"'{key}' must be true or false, not {Found()}.");

    private string Text(string key) =>
        _reader.TokenType == JsonTokenType.String && _reader.GetString() is { Length: > 0 } text
            ? text
            : throw Error($"'{key}' must be a text in quotes that is not empty, not {Found()}.");

    private List<string> Texts(string key)
    {
        if (_reader.TokenType != JsonTokenType.StartArray)
        {
            throw Error($"'{key}' must be a list [ … ] of texts, not {Found()}.");
        }

        var texts = new List<string>();
        while (NextElement())
        {
            texts.Add(Text($"an element of {key}"));
        }

        return texts;
    }

    private string Scalar(string what) =>
        _reader.TokenType switch
        {
            JsonTokenType.String => _reader.GetString()!,
            JsonTokenType.Number => Encoding.UTF8.GetString(_reader.ValueSpan),
            JsonTokenType.True => "true",
            JsonTokenType.False => "false",
            _ => throw Error($"{what} must be a number, a text, true, false, or a list of these, not {Found()}."),
        };

    private string Found() =>
        _reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "a list",
            JsonTokenType.String => $"the text \"{_reader.GetString()}\"",
            JsonTokenType.Number => $"the number {Encoding.UTF8.GetString(_reader.ValueSpan)}",
            JsonTokenType.Null => "null",
            var other => other.ToString().ToLowerInvariant(),
        };

    private SettingsException Error(string message)
    {
        var before = _json[..(int)_reader.TokenStartIndex];
        int line = before.Count((byte)'\n') + 1;
        int position = Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1;
        return new SettingsException($"{_file}, line {line}, position {position}: {message}");
    }
}
