using System.Text.Encodings.Web;
using System.Text.Json;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>Values that another one must differ from, newest first; each as <see cref="CanonicalJson"/> writes it.</summary>
internal sealed class Taken(string text, Taken? next)
{
    // The commas that canonical text ends lists with.
    private static readonly JsonDocumentOptions Commas = new() { AllowTrailingCommas = true };
    private JsonElement? _value;

    public string Text => text;
    public Taken? Next => next;
    public int Count { get; } = 1 + (next?.Count ?? 0);

    public JsonElement Value
    {
        get
        {
            if (_value is null)
            {
                using var document = JsonDocument.Parse(text, Commas);
                _value = document.RootElement.Clone();
            }
            return _value.Value;
        }
    }

    /// <summary>Whether it is neither an object nor an array.</summary>
    public bool IsScalar => text[0] is not ('{' or '[');

    /// <summary>What forms allow but for these values, found before.</summary>
    public Remainder? Left { get; set; }

    public sealed record Remainder(Node Of, Node Left, Remainder? Next);

    /// <summary>The value as JSON.</summary>
    public byte[] Spelled()
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Value.WriteTo(writer);
        return text.ToArray();
    }

    public bool Contains(string other)
    {
        for (var list = this; list is not null; list = list.Next)
        {
            if (list.Text == other)
                return true;
        }
        return false;
    }

    /// <summary>Those of some values that are of one kind; null for none.</summary>
    public static Taken? Of(Taken? all, JsonValueKind kind)
    {
        Taken? found = null;
        for (var list = all; list is not null; list = list.Next)
        {
            if (list.Text[0] == (kind == JsonValueKind.Object ? '{' : '['))
                found = new Taken(list.Text, found) { _value = list._value };
        }
        return found;
    }

    /// <summary>Those of some values by a part of each, which may be missing; the part as canonical text.</summary>
    public static Lazy<Dictionary<string, Taken>> By(Taken? all, Func<JsonElement, JsonElement?> part) =>
        new(() => Group(all, part));

    private static Dictionary<string, Taken> Group(Taken? all, Func<JsonElement, JsonElement?> part)
    {
        var groups = new Dictionary<string, Taken>();
        for (var list = all; list is not null; list = list.Next)
        {
            if (part(list.Value) is not { } value)
                continue;
            var key = CanonicalJson.Write(value);
            groups[key] = new Taken(list.Text, groups.GetValueOrDefault(key)) { _value = list._value };
        }
        return groups;
    }
}

/// <summary>A value being read that must differ from some, or that decides which of some values what holds it is still alike.</summary>
/// <param name="Start">The text up to the value, or up to the colon before it.</param>
/// <param name="Barred">What the value must differ from.</param>
/// <param name="Alike">The values that what holds it would be alike to, by this value.</param>
internal sealed record Pending(Capture? Start, Taken? Barred, Lazy<Dictionary<string, Taken>> Alike)
{
    /// <summary>The value read, as canonical text.</summary>
    /// <param name="text">What was read.</param>
    /// <param name="more">What comes after that.</param>
    public string Read(Capture? text, IEnumerable<byte>? more = null)
    {
        byte[] bytes = [.. Capture.Text(Start, text), .. more ?? []];
        using var document = JsonDocument.Parse(bytes.AsMemory().TrimStart(Before));
        return CanonicalJson.Write(document.RootElement);
    }

    private static readonly byte[] Before = [.. " \n\t\r:"u8];
}
