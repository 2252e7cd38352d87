using System.Text;
using System.Text.Json;
using NuGet.Versioning;

namespace Tokenwright.Host;

/// <summary>Reads plugins.json and plugin.json strictly: whatever it does not know is an error that says where it stands and what is allowed.</summary>
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
        var reader = new SettingsFile(file, WithoutMark(json));
        try
        {
            return reader.ReadAll();
        }
        catch (JsonException error)
        {
            throw NotJson(file, error);
        }
        catch (InvalidOperationException error)
        {
            throw NotText(file, error);
        }
    }

    /// <summary>Reads a plugin's manifest.</summary>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="json">Its content, UTF-8.</param>
    public static PluginManifest ReadManifest(string file, ReadOnlySpan<byte> json)
    {
        var reader = new SettingsFile(file, WithoutMark(json));
        try
        {
            return reader.Manifest();
        }
        catch (JsonException error)
        {
            throw NotJson(file, error);
        }
        catch (InvalidOperationException error)
        {
            throw NotText(file, error);
        }
    }

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> json) =>
        json.StartsWith(Encoding.UTF8.Preamble) ? json[3..] : json;

    private static SettingsException NotJson(string file, JsonException error)
    {
        string cause = error.Message.Split(" LineNumber:")[0].Split(" Change the reader options")[0];
        return new SettingsException(
            $"{file}, line {error.LineNumber + 1}, position {error.BytePositionInLine + 1}: not valid JSON: {cause}",
            error
        );
    }

    // The reader finds bytes and escapes that make no characters only when a text is taken.
    private static SettingsException NotText(string file, InvalidOperationException error) =>
        new($"{file}: a text in it is not valid UTF-8. Save the file as UTF-8.", error);

    private HostSettings ReadAll()
    {
        string directory = Path.GetDirectoryName(_file)!;
        string[] folders = [Path.Combine(directory, "plugins")];
        var plugins = new Dictionary<string, PluginSettings>(StringComparer.Ordinal);
        var defaults = new DefaultSettings();
        var hashes = HashPolicy.Pinned;
        var limit = new HostSettings().HangLimit;
        var keys = new HashSet<string>();
        _reader.Read();
        RequireObject("the file");
        while (NextKey("the file", keys, "$schema", "folders", "hashes", "hangSeconds", "plugins", "defaults") is { } key)
        {
            switch (key)
            {
                case "$schema":
                    Text(key);
                    break;
                case "folders":
                    folders = [.. Folders(key, directory)];
                    break;
                case "hashes":
                    hashes = Policy(key);
                    break;
                case "hangSeconds":
                    limit = Seconds(key);
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
            Folders = folders,
            Hashes = hashes,
            HangLimit = limit,
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
        while (NextKey(where, keys, "enabled", "contract", "files", "options") is { } key)
        {
            switch (key)
            {
                case "enabled":
                    plugin = plugin with { Enabled = Flag(key) };
                    break;
                case "contract":
                    plugin = plugin with { Contract = Range(key, where) };
                    break;
                case "files":
                    plugin = plugin with { Files = Hashes(where) };
                    break;
                default:
                    plugin = plugin with { Options = Options(where) };
                    break;
            }
        }

        return plugin;
    }

    private PluginManifest Manifest()
    {
        var manifest = new PluginManifest();
        var keys = new HashSet<string>();
        _reader.Read();
        RequireObject("the file");
        while (NextKey("the file", keys, "$schema", "name", "version", "contract", "files") is { } key)
        {
            manifest = key switch
            {
                "name" => manifest with { Name = Text(key) },
                "version" => manifest with { Version = Text(key) },
                "contract" => manifest with { Contract = Range(key, "the file") },
                "files" => manifest with { Files = Hashes("the file") },
                _ => Text(key) is { } ? manifest : manifest,
            };
        }

        while (_reader.Read()) { }

        return manifest;
    }

    private SortedDictionary<string, string> Hashes(string where)
    {
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        RequireObject($"'files' of {where}");
        var keys = new HashSet<string>();
        while (NextKey($"'files' of {where}", keys) is { } file)
        {
            if (file.Length == 0 || file.Contains('\\') || file.Split('/').Any(part => part is "" or "." or ".."))
            {
                throw Error($"'{file}' in 'files' of {where} must be a path in the plugin's folder, joined by '/'.");
            }

            string hash = Text(file).ToLowerInvariant();
            if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit))
            {
                throw Error($"'{file}' in 'files' of {where} must be a SHA-256, 64 hexadecimal digits.");
            }

            hashes.Add(file, hash);
        }

        return hashes.Count > 0 ? hashes : throw Error($"'files' of {where} must name at least one file.");
    }

    private string Range(string key, string where)
    {
        string range = Text(key);
        return VersionRange.TryParse(range, allowFloating: false, out _)
            ? range
            : throw Error($"'{key}' of {where} must be a range of versions such as [0.1,1.0), not \"{range}\".");
    }

    private HashPolicy Policy(string key)
    {
        string[] policies = [.. Enum.GetNames<HashPolicy>().Select(name => name.ToLowerInvariant())];
        string policy = Text(key);
        int at = Array.IndexOf(policies, policy);
        return at >= 0 ? (HashPolicy)at : throw Error($"'{key}' must be one of {string.Join(", ", policies)}, not \"{policy}\".");
    }

    private TimeSpan Seconds(string key)
    {
        const double Most = 1e6;
        if (
            _reader.TokenType != JsonTokenType.Number
            || !_reader.TryGetDouble(out double seconds)
            || seconds is not (>= 0 and <= Most)
        )
        {
            throw Error($"'{key}' must be a number of seconds from 0, which waits for ever, to {Most}; not {Found()}.");
        }

        return seconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);
    }

    private List<string> Folders(string key, string directory)
    {
        var folders = new List<string>();
        foreach (string folder in Texts(key))
        {
            if (folder.Contains('\0'))
            {
                throw Error("a path in 'folders' holds the character 0, which no path has.");
            }

            folders.Add(Path.GetFullPath(folder, directory));
        }

        return folders;
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
