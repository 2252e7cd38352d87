using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>JSON to values, and values to JSON as Python's json.dumps writes it.</summary>
internal static class Json
{
    /// <param name="element">Not deeper than the parser of System.Text.Json allows.</param>
    public static object Read(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return element.GetString()!;
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.Number:
                return element.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') || !element.TryGetInt64(out long whole)
                    ? (object)element.GetDouble()
                    : whole;
            case JsonValueKind.Array:
                return Sequence.List([.. element.EnumerateArray().Select(Read)]);
            case JsonValueKind.Object:
                Mapping map = [];
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    map[property.Name] = Read(property.Value);
                }

                return map;
            default:
                return None.Value;
        }
    }

    /// <summary>Writes a value.</summary>
    /// <param name="interpreter">Pays for it.</param>
    /// <param name="value">What to write.</param>
    /// <param name="indent">The indentation of one level; null writes one line.</param>
    /// <param name="ascii">Whether everything beyond ASCII is escaped.</param>
    /// <param name="sort">Whether keys are sorted.</param>
    /// <param name="separators">Between items and behind keys; null for Python's defaults.</param>
    public static string Write(
        Interpreter interpreter,
        object value,
        string? indent,
        bool ascii,
        bool sort,
        (string Item, string Key)? separators
    )
    {
        StringBuilder output = new();
        (string item, string key) = separators ?? (indent is null ? ", " : ",", ": ");
        Write(value, "\n");
        interpreter.Spend(output.Length);
        return output.ToString();

        void Write(object current, string line)
        {
            interpreter.Enter();
            switch (current)
            {
                case None:
                    output.Append("null");
                    break;
                case bool flag:
                    output.Append(flag ? "true" : "false");
                    break;
                case long number:
                    output.Append(number);
                    break;
                case double number:
                    output.Append(Number(number));
                    break;
                case string text:
                    interpreter.Spend(text.Length);
                    WriteString(output, text, ascii);
                    break;
                case Sequence { Kind: < SequenceKind.Range } items:
                    WriteItems('[', ']', items.Count, line, (i, inner) => Write(items[i], inner));
                    break;
                case Mapping map:
                    List<KeyValuePair<object, object>> pairs = [.. map];
                    if (sort)
                    {
                        pairs =
                        [
                            .. pairs.Order(
                                Comparer<KeyValuePair<object, object>>.Create((a, b) => interpreter.Compare(a.Key, b.Key))
                            ),
                        ];
                    }

                    WriteItems(
                        '{',
                        '}',
                        pairs.Count,
                        line,
                        (i, inner) =>
                        {
                            WriteString(output, Key(interpreter, pairs[i].Key), ascii);
                            output.Append(key);
                            Write(pairs[i].Value, inner);
                        }
                    );
                    break;
                default:
                    throw new TemplateFault($"Object of type {Types.Name(current)} is not JSON serializable");
            }

            interpreter.Leave();
        }

        void WriteItems(char open, char close, int count, string line, Action<int, string> write)
        {
            string inner = indent is null ? line : line + indent;
            interpreter.Spend(inner.Length * (count + 1L));
            output.Append(open);
            for (int i = 0; i < count; i++)
            {
                output.Append(i > 0 ? item : "").Append(indent is null ? "" : inner);
                write(i, inner);
            }

            output.Append(count > 0 && indent is not null ? line : "").Append(close);
        }
    }

    private static string Key(Interpreter interpreter, object key) =>
        key switch
        {
            string text => text,
            None => "null",
            bool flag => flag ? "true" : "false",
            long or double => key is double number ? Number(number) : interpreter.Str(key),
            _ => throw new TemplateFault($"keys must be str, int, float, bool or None, not {Types.Name(key)}"),
        };

    private static string Number(double number) =>
        double.IsNaN(number) ? "NaN"
        : double.IsInfinity(number) ? (number > 0 ? "Infinity" : "-Infinity")
        : Text.Float(number);

    private static void WriteString(StringBuilder output, string text, bool ascii)
    {
        output.Append('"');
        foreach (char c in text)
        {
            int known = "\"\\\n\r\t\b\f".IndexOf(c, StringComparison.Ordinal);
            if (known >= 0)
            {
                output.Append('\\').Append("\"\\nrtbf"[known]);
            }
            else if (c < ' ' || (ascii && c > '~'))
            {
                output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                output.Append(c);
            }
        }

        output.Append('"');
    }
}
