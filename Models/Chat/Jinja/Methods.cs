using System.Buffers;

// Values are objects here, whatever a single method happens to return.
#pragma warning disable CA1859

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>The attributes of values: Python's methods that read, none that change.</summary>
internal static class Methods
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");

    /// <summary>A method bound to its value, or an attribute; null if there is none of that name.</summary>
    public static object? Find(object value, string name) =>
        value switch
        {
            Mapping when name is "pop" or "popitem" or "update" or "setdefault" or "clear" => Unsafe(name, "dict"),
            Sequence { Kind: SequenceKind.List }
                when name is "append" or "extend" or "insert" or "pop" or "remove" or "clear" or "reverse" or "sort" => Unsafe(
                name,
                "list"
            ),
            string text => Bind(name, OfString(text, name)),
            Mapping map => Bind(name, OfMapping(map, name)),
            Sequence { Kind: SequenceKind.List or SequenceKind.Tuple } items => Bind(name, OfSequence(items, name)),
            Namespace space => space.Attributes.GetValueOrDefault(name),
            Loop loop => loop.Attribute(name),
            Macro macro => macro.Attribute(name),
            double number when name == "is_integer" => Bind(name, (_, _) => number == Math.Floor(number)),
            _ => null,
        };

    private static Callable? Bind(string name, Func<Interpreter, Arguments, object>? method) =>
        method is null ? null : new Callable(name, method);

    private static Func<Interpreter, Arguments, object>? OfMapping(Mapping map, string name)
    {
        switch (name)
        {
            case "get":
                return (_, arguments) =>
                {
                    object?[] given = arguments.Bind("get", "key", "default");
                    object key = Mapping.Key(given[0] ?? throw new TemplateFault("get expected at least 1 argument, got 0"));
                    return map.TryGetValue(key, out object? value) ? value : given[1] ?? None.Value;
                };
            case "items":
                return (interpreter, _) => Items(interpreter, map);
            case "keys":
                return (interpreter, _) => View(interpreter, "dict_keys", [.. map.Keys]);
            case "values":
                return (interpreter, _) => View(interpreter, "dict_values", [.. map.Values]);
            case "copy":
                return (_, _) => map;
            default:
                return null;
        }
    }

    public static Sequence Items(Interpreter interpreter, Mapping map)
    {
        interpreter.Spend(map.Count * 8L);
        return View(interpreter, "dict_items", [.. map.Select(pair => Sequence.Tuple(pair.Key, pair.Value))]);
    }

    private static Sequence View(Interpreter interpreter, string type, IReadOnlyList<object> items)
    {
        interpreter.Spend(items.Count * 8L);
        return new Sequence(SequenceKind.View, items, type);
    }

    private static Func<Interpreter, Arguments, object>? OfSequence(Sequence items, string name)
    {
        switch (name)
        {
            case "index":
                return (interpreter, arguments) =>
                {
                    object wanted = Required(arguments, "index", "value");
                    for (int i = 0; i < items.Count; i++)
                    {
                        if (interpreter.Equal(items[i], wanted))
                        {
                            return (long)i;
                        }
                    }

                    throw new TemplateFault($"{interpreter.Repr(wanted)} is not in list");
                };
            case "count":
                return (interpreter, arguments) =>
                {
                    object wanted = Required(arguments, "count", "value");
                    return items.Take().LongCount(item => interpreter.Equal(item, wanted));
                };
            case "copy" when items.Kind == SequenceKind.List:
                return (_, _) => items;
            default:
                return null;
        }
    }

    private static Undefined Unsafe(string name, string type) =>
        new($"access to attribute '{name}' of '{type}' object is unsafe: templates may not change values");

    private static object Required(Arguments arguments, string method, string parameter) =>
        arguments.Bind(method, parameter)[0] ?? throw new TemplateFault($"{method} needs an argument '{parameter}'");

    private static Func<Interpreter, Arguments, object>? OfString(string text, string name)
    {
        Func<Interpreter, Arguments, object>? method = name switch
        {
            "upper" => (_, _) => Text.Upper(text),
            "lower" or "casefold" => (_, _) => Text.Lower(text),
            "capitalize" => (_, _) => Text.Capitalize(text),
            "title" => (_, _) => Text.Title(text),
            "swapcase" => (_, _) =>
                string.Concat(text.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))),
            "strip" => (_, arguments) => Strip(text, arguments, name, true, true),
            "lstrip" => (_, arguments) => Strip(text, arguments, name, true, false),
            "rstrip" => (_, arguments) => Strip(text, arguments, name, false, true),
            "startswith" => (_, arguments) =>
                Affix(text, arguments, name, (whole, part) => whole.StartsWith(part, StringComparison.Ordinal)),
            "endswith" => (_, arguments) =>
                Affix(text, arguments, name, (whole, part) => whole.EndsWith(part, StringComparison.Ordinal)),
            "removeprefix" => (_, arguments) =>
                Word(arguments, name) is var part && text.StartsWith(part, StringComparison.Ordinal) ? text[part.Length..] : text,
            "removesuffix" => (_, arguments) =>
                Word(arguments, name) is var part && text.EndsWith(part, StringComparison.Ordinal) ? text[..^part.Length] : text,
            "split" => (interpreter, arguments) => Split(interpreter, text, arguments, fromEnd: false),
            "rsplit" => (interpreter, arguments) => Split(interpreter, text, arguments, fromEnd: true),
            "splitlines" => (interpreter, arguments) => SplitLines(interpreter, text, arguments),
            "partition" => (_, arguments) => Partition(text, Word(arguments, name), last: false),
            "rpartition" => (_, arguments) => Partition(text, Word(arguments, name), last: true),
            "replace" => (interpreter, arguments) => Replace(interpreter, text, arguments),
            "join" => (interpreter, arguments) => Join(interpreter, text, Required(arguments, name, "iterable")),
            "format" => (interpreter, arguments) => Formats.Braces(interpreter, text, arguments),
            "count" => (_, arguments) => Count(text, Word(arguments, name)),
            "find" or "index" => (_, arguments) =>
                Found(text, text.IndexOf(Word(arguments, name), StringComparison.Ordinal), name),
            "rfind" or "rindex" => (_, arguments) =>
                Found(text, text.LastIndexOf(Word(arguments, name), StringComparison.Ordinal), name),
            "center" or "ljust" or "rjust" or "zfill" => (interpreter, arguments) => Pad(interpreter, text, arguments, name),
            _ => null,
        };
        return method is not null ? (interpreter, arguments) => Paid(interpreter, text, method, arguments) : Question(text, name);
    }

    private static object Paid(
        Interpreter interpreter,
        string text,
        Func<Interpreter, Arguments, object> method,
        Arguments arguments
    )
    {
        interpreter.Spend(text.Length);
        return method(interpreter, arguments);
    }

    // isalpha and its like: true of every character, and there is one.
    private static Func<Interpreter, Arguments, object>? Question(string text, string name)
    {
        Func<char, bool>? of = name switch
        {
            "isalpha" => char.IsLetter,
            "isdigit" => c => char.IsDigit(c) || c is '²' or '³' or '¹',
            "isdecimal" => char.IsDigit,
            "isnumeric" => char.IsNumber,
            "isalnum" => c => char.IsLetter(c) || char.IsNumber(c),
            "isspace" => Text.IsSpace,
            "isascii" => char.IsAscii,
            "islower" => c => !char.IsUpper(c),
            "isupper" => c => !char.IsLower(c),
            _ => null,
        };
        return of is null
            ? null
            : (interpreter, _) =>
            {
                interpreter.Spend(text.Length);
                return name switch
                {
                    "isascii" => text.All(of),
                    "islower" => text.All(of) && text.Any(char.IsLower),
                    "isupper" => text.All(of) && text.Any(char.IsUpper),
                    _ => text.Length > 0 && text.All(of),
                };
            };
    }

    private static string Word(Arguments arguments, string method) => Types.String(Required(arguments, method, "text"));

    private static string Strip(string text, Arguments arguments, string method, bool start, bool end) =>
        Strip(text, arguments.Bind(method, "chars")[0], start, end);

    public static string Strip(string text, object? characters, bool start, bool end)
    {
        Func<char, bool> strips = Text.IsSpace;
        if (characters is not (null or None))
        {
            string set = Types.String(characters);
            strips = c => set.Contains(c, StringComparison.Ordinal);
        }

        int from = 0;
        int to = text.Length;
        while (start && from < to && strips(text[from]))
        {
            from++;
        }

        while (end && from < to && strips(text[to - 1]))
        {
            to--;
        }

        return text[from..to];
    }

    private static object Affix(string text, Arguments arguments, string method, Func<string, string, bool> has)
    {
        object?[] given = arguments.Bind(method, "affix", "start", "end");
        object affix = given[0] ?? throw new TemplateFault($"{method} needs an argument");
        string part = Text.Slice(text, SliceRange.Of(given[1] ?? None.Value, given[2] ?? None.Value, None.Value));
        return affix is Sequence { Kind: SequenceKind.Tuple } options
            ? options.Take().Any(option => has(part, Types.String(option)))
            : has(part, Types.String(affix));
    }

    private static Sequence Split(Interpreter interpreter, string text, Arguments arguments, bool fromEnd)
    {
        object?[] given = arguments.Bind("split", "sep", "maxsplit");
        long most = given[1] is { } limit ? Types.Int(limit) : -1;
        most = most < 0 ? long.MaxValue : most;
        List<object> parts = [];
        if (given[0] is not (null or None))
        {
            string separator = Types.String(given[0]!);
            if (separator.Length == 0)
            {
                throw new TemplateFault("empty separator");
            }

            SplitAt(text, separator, most, fromEnd, parts);
        }
        else
        {
            SplitAtSpace(text, most, fromEnd, parts);
        }

        interpreter.Spend(parts.Count * 8L);
        return Sequence.List(parts);
    }

    private static void SplitAt(string text, string separator, long most, bool fromEnd, List<object> parts)
    {
        if (fromEnd)
        {
            int end = text.Length;
            for (; parts.Count < most && end > 0; )
            {
                int at = text.AsSpan(0, end).LastIndexOf(separator);
                if (at < 0)
                {
                    break;
                }

                parts.Add(text[(at + separator.Length)..end]);
                end = at;
            }

            parts.Add(text[..end]);
            parts.Reverse();
            return;
        }

        int start = 0;
        for (int at; parts.Count < most && (at = text.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; )
        {
            parts.Add(text[start..at]);
            start = at + separator.Length;
        }

        parts.Add(text[start..]);
    }

    private static void SplitAtSpace(string text, long most, bool fromEnd, List<object> parts)
    {
        ReadOnlySpan<char> rest = Text.TrimEnd(Text.TrimStart(text));
        while (!rest.IsEmpty)
        {
            int length = 0;
            while (length < rest.Length && !Text.IsSpace(fromEnd ? rest[^(length + 1)] : rest[length]))
            {
                length++;
            }

            if (parts.Count >= most)
            {
                length = rest.Length;
            }

            parts.Add((fromEnd ? rest[^length..] : rest[..length]).ToString());
            rest = fromEnd ? Text.TrimEnd(rest[..^length]) : Text.TrimStart(rest[length..]);
        }

        if (fromEnd)
        {
            parts.Reverse();
        }
    }

    private static Sequence SplitLines(Interpreter interpreter, string text, Arguments arguments)
    {
        bool keep = arguments.Bind("splitlines", "keepends")[0] is { } flag && Types.IsTrue(flag);
        List<object> lines = [];
        for (int start = 0; start < text.Length; )
        {
            int end = text.AsSpan(start).IndexOfAny(LineEnds);
            end = end < 0 ? text.Length : start + end;
            int next = Math.Min(end + 1, text.Length);
            next += next < text.Length && text[end] == '\r' && text[next] == '\n' ? 1 : 0;
            lines.Add(text[start..(keep ? next : end)]);
            start = next;
        }

        interpreter.Spend(lines.Count * 8L);
        return Sequence.List(lines);
    }

    private static Sequence Partition(string text, string separator, bool last)
    {
        if (separator.Length == 0)
        {
            throw new TemplateFault("empty separator");
        }

        int at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return at >= 0 ? Sequence.Tuple(text[..at], separator, text[(at + separator.Length)..])
            : last ? Sequence.Tuple("", "", text)
            : Sequence.Tuple(text, "", "");
    }

    private static string Replace(Interpreter interpreter, string text, Arguments arguments)
    {
        object?[] given = arguments.Bind("replace", "old", "new", "count");
        if (given[0] is not { } old || given[1] is not { } fresh)
        {
            throw new TemplateFault("replace expected at least 2 arguments");
        }

        return Replace(
            interpreter,
            text,
            Types.String(old),
            Types.String(fresh),
            given[2] is null or None ? -1 : Types.Int(given[2]!)
        );
    }

    public static string Replace(Interpreter interpreter, string text, string old, string fresh, long most)
    {
        long found = old.Length == 0 ? Text.Length(text) + 1 : Count(text, old);
        long count = most < 0 ? found : Math.Min(found, most);
        interpreter.Spend(text.Length + count * fresh.Length);
        if (count == 0)
        {
            return text;
        }

        if (old.Length == 0)
        {
            List<string> characters = Text.Characters(text);
            IEnumerable<string> parts = characters.Select((character, i) => i < count ? fresh + character : character);
            return string.Concat(parts) + (count > characters.Count ? fresh : "");
        }

        if (count == found)
        {
            return text.Replace(old, fresh, StringComparison.Ordinal);
        }

        List<object> pieces = [];
        SplitAt(text, old, count, fromEnd: false, pieces);
        return string.Join(fresh, pieces);
    }

    private static long Count(string text, string part)
    {
        if (part.Length == 0)
        {
            return Text.Length(text) + 1L;
        }

        long count = 0;
        for (int at = 0; (at = text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length)
        {
            count++;
        }

        return count;
    }

    private static object Found(string text, int at, string method) =>
        at < 0 && method.EndsWith("index", StringComparison.Ordinal)
            ? throw new TemplateFault("substring not found")
            : (long)Text.IndexOf(text, at);

    private static string Join(Interpreter interpreter, string separator, object values)
    {
        IReadOnlyList<object> items = interpreter.Iterate(values);
        foreach (object item in items)
        {
            interpreter.Spend(separator.Length + Types.String(item).Length);
        }

        return string.Join(separator, items);
    }

    private static string Pad(Interpreter interpreter, string text, Arguments arguments, string method)
    {
        object?[] given = arguments.Bind(method, "width", "fillchar");
        long width = Types.Int(given[0] ?? throw new TemplateFault($"{method} needs a width"));
        string fill =
            method == "zfill" ? "0"
            : given[1] is { } character ? Types.String(character)
            : " ";
        if (Text.Length(fill) != 1)
        {
            throw new TemplateFault("the fill character must be exactly one character long");
        }

        return Pad(interpreter, text, width, fill, method);
    }

    public static string Pad(Interpreter interpreter, string text, long width, string fill, string side)
    {
        long missing = Math.Max(0, width - Text.Length(text));
        interpreter.Spend(missing * fill.Length);
        // Python puts the odd one of a centred text to the left if the width is odd too.
        long left = side switch
        {
            "ljust" => 0,
            "center" => missing / 2 + (missing & width & 1),
            _ => missing,
        };
        int sign = side == "zfill" && text is ['-' or '+', ..] ? 1 : 0;
        return text[..sign] + Repeat(left) + text[sign..] + Repeat(missing - left);

        string Repeat(long times) => string.Concat(Enumerable.Repeat(fill, (int)times));
    }
}
