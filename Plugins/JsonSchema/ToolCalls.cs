using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tokenwright.Plugins.JsonSchema;

/// <summary>How a chat model writes a call of a function.</summary>
public enum ToolFormat
{
    /// <summary><c>{"name": …, "arguments": …}</c></summary>
    Json,

    /// <summary><c>{"name": …, "parameters": …}</c>, as Llama 3 writes it.</summary>
    Parameters,

    /// <summary><c>&lt;tool_call&gt;\n{"name": …, "arguments": …}\n&lt;/tool_call&gt;</c>, as Hermes and Qwen write it.</summary>
    Tagged,
}

/// <summary>A list of functions as a schema of one call: a choice of function, and arguments that are valid under its schema.</summary>
/// <param name="Schema">The call.</param>
/// <param name="Text">What stands around the call.</param>
public sealed record ToolCalls(CompiledSchema Schema, TextOptions Text)
{
    private const string Documents = "tool:/";

    /// <summary>Reads a list of functions.</summary>
    /// <param name="json">
    /// A list of objects with <c>name</c>, <c>description</c> and <c>parameters</c>, a JSON Schema; each may be wrapped as
    /// <c>{"type": "function", "function": …}</c>. A function without parameters takes an empty object.
    /// </param>
    /// <param name="format">How a call is written.</param>
    /// <param name="options">
    /// How schemas are read. Whatever it says, keys come as listed, since the name comes first, and a call is one line with at most one
    /// space between two tokens of JSON.
    /// </param>
    /// <exception cref="SchemaException">The list is no such list, or the parameters of a function cannot be enforced exactly.</exception>
    public static ToolCalls Read(string json, ToolFormat format = ToolFormat.Json, SchemaOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        JsonNode? list;
        try
        {
            list = JsonNode.Parse(json);
        }
        catch (JsonException error)
        {
            throw new SchemaException("", "", $"the list of functions is not JSON that can be read ({error.Message})");
        }
        if (list is not JsonArray { Count: > 0 } tools)
            throw new SchemaException("", "", "the functions are a list of at least one object with a name and parameters");

        options ??= new SchemaOptions();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var documents = options.Documents.ToDictionary();
        var calls = new JsonArray();
        var member = format == ToolFormat.Parameters ? "parameters" : "arguments";
        for (var i = 0; i < tools.Count; i++)
        {
            var (name, parameters) = Function(tools[i], $"/{i}");
            if (!names.Add(name))
                throw new SchemaException($"/{i}", "name", $"two functions are called {name}");
            // A document of its own: references inside it are relative to it. It is compiled alone first, so that an error names the function.
            var text = parameters.ToJsonString();
            try
            {
                CompiledSchema.Compile(text, options);
            }
            catch (SchemaException error)
            {
                throw new SchemaException($"/{i}/parameters{error.Location}", error.Keyword, $"function {name}: {error.Reason}");
            }
            documents[Documents + i] = text;
            calls.Add(
                new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = new JsonObject
                    {
                        ["name"] = new JsonObject { ["const"] = name },
                        [member] = new JsonObject { ["$ref"] = Documents + i },
                    },
                    ["required"] = new JsonArray("name", member),
                    ["additionalProperties"] = false,
                }
            );
        }

        var schema = new JsonObject { ["anyOf"] = calls };
        var compiled = CompiledSchema.Compile(
            schema.ToJsonString(),
            options with
            {
                Documents = documents,
                KeyOrder = KeyOrder.Schema,
                MaxWhitespace = Math.Min(1, options.MaxWhitespace),
            }
        );
        return new ToolCalls(
            compiled,
            format == ToolFormat.Tagged
                ? new TextOptions { Before = "<tool_call>\n", After = "\n</tool_call>" }
                : new TextOptions()
        );
    }

    private static (string Name, JsonNode Parameters) Function(JsonNode? tool, string location)
    {
        if (tool is JsonObject wrapped && wrapped["function"] is { } function)
            (tool, location) = (function, location + "/function");
        if (tool is not JsonObject described)
            throw new SchemaException(location, "", "a function is an object with a name and parameters");
        if (described["name"] is not JsonValue value || !value.TryGetValue(out string? name) || name.Length == 0)
            throw new SchemaException(location, "name", "a function needs a name, a text that is not empty");
        var parameters = described["parameters"];
        if (parameters is null)
            return (name, new JsonObject { ["type"] = "object", ["additionalProperties"] = false });
        return parameters is JsonObject
            ? (name, parameters)
            : throw new SchemaException(location, "parameters", "the parameters of a function are a JSON Schema, an object");
    }
}
