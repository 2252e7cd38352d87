using System.Text;
using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Numbers;

namespace Tokenwright.Plugins.JsonSchema.Schemas;

/// <summary>One spelling for every JSON value: equal values, equal text.</summary>
internal static class CanonicalJson
{
    public static string Write(JsonElement value)
    {
        var text = new StringBuilder();
        Write(value, text);
        return text.ToString();
    }

    /// <summary>The spelling of a string.</summary>
    public static string Quote(string value) => $"\"{JsonEncodedText.Encode(value)}\"";

    private static void Write(JsonElement value, StringBuilder text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                text.Append(ExactDecimal.Parse(value.GetRawText()));
                return;
            case JsonValueKind.String:
                text.Append(Quote(value.GetString()!));
                return;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var item in value.EnumerateArray())
                {
                    Write(item, text);
                    text.Append(',');
                }
                text.Append(']');
                return;
            case JsonValueKind.Object:
                text.Append('{');
                var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (var member in value.EnumerateObject())
                    members[member.Name] = member.Value;
                foreach (var (name, member) in members)
                {
                    text.Append(Quote(name)).Append(':');
                    Write(member, text);
                    text.Append(',');
                }
                text.Append('}');
                return;
            default:
                text.Append(value.GetRawText());
                return;
        }
    }
}
