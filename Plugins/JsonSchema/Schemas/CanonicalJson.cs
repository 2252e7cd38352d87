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

    private static void Write(JsonElement value, StringBuilder text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                text.Append(ExactDecimal.Parse(value.GetRawText()));
                return;
            case JsonValueKind.String:
                text.Append(JsonEncodedText.Encode(value.GetString()!).ToString().Insert(0, "\"")).Append('"');
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
                    text.Append(JsonEncodedText.Encode(name).ToString().Insert(0, "\"")).Append("\":");
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
