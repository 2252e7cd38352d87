using System.Globalization;
using System.Text;

// Values are objects here, whatever a single method happens to return.
#pragma warning disable CA1859

namespace Tokenwright.Models.Chat.Jinja;

/// <content>Those of sequences and mappings.</content>
internal static partial class Filters
{
    private static object ItemsOf(Interpreter interpreter, object value, Arguments arguments) =>
        value switch
        {
            Undefined => Sequence.Generator([]),
            Mapping map => Sequence.Generator(Methods.Items(interpreter, map).Take()),
            _ => throw new TemplateFault("Can only get item pairs from a mapping."),
        };

    private static object Join(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("join", "d", "attribute");
        string separator = given[0] is { } text ? interpreter.Str(text) : "";
        IEnumerable<object> items = interpreter.Iterate(value);
        if (given[1] is { } attribute)
        {
            items = items.Select(item => Path(interpreter, item, attribute));
        }

        StringBuilder result = new();
        bool first = true;
        foreach (object item in items)
        {
            string part = interpreter.Str(item);
            interpreter.Spend(separator.Length + part.Length);
            result.Append(first ? "" : separator).Append(part);
            first = false;
        }

        return result.ToString();
    }

    private static object Last(Interpreter interpreter, object value, Arguments arguments) =>
        value is Sequence { Kind: SequenceKind.Generator } ? throw new TemplateFault("'generator' object is not reversible")
        : interpreter.Iterate(value) is [.., var last] ? last
        : new Undefined("No last item, sequence was empty.");

    private static object Reverse(Interpreter interpreter, object value, Arguments arguments)
    {
        if (value is string text)
        {
            return Text.Slice(text, new SliceRange(null, null, -1));
        }

        List<object> items = interpreter.ToList(value);
        items.Reverse();
        return Sequence.Generator(items);
    }

    /// <summary>An attribute path like "function.name" or "0", elements before attributes.</summary>
    private static object Path(Interpreter interpreter, object value, object path)
    {
        if (path is not string text)
        {
            return interpreter.Item(value, path);
        }

        foreach (string part in text.Split('.'))
        {
            object key =
                part.Length is > 0 and < 10 && part.All(char.IsAsciiDigit)
                    ? long.Parse(part, CultureInfo.InvariantCulture)
                    : part;
            value = interpreter.Item(value, key);
        }

        return value;
    }

    private static object Map(Interpreter interpreter, object value, Arguments arguments)
    {
        IReadOnlyList<object> items = interpreter.Iterate(value);
        List<object> results = new(items.Count);
        interpreter.Spend(items.Count * 8L);
        if (arguments.Positional.Count == 0)
        {
            object?[] given = arguments.Bind("map", "attribute", "default");
            object attribute = given[0] ?? throw new TemplateFault("map requires a filter argument");
            foreach (object item in items)
            {
                object found = Path(interpreter, item, attribute);
                results.Add(found is Undefined && given[1] is { } otherwise ? otherwise : found);
            }
        }
        else
        {
            string filter = Types.String(arguments.Positional[0]);
            Arguments rest = arguments.Skip(1);
            foreach (object item in items)
            {
                results.Add(Apply(interpreter, filter, item, rest));
            }
        }

        return Sequence.Generator(results);
    }

    private static object Select(Interpreter interpreter, object value, Arguments arguments, bool byAttribute, bool wanted)
    {
        int skip = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < skip)
        {
            throw new TemplateFault("Missing parameter for attribute name");
        }

        string? test = arguments.Positional.Count > skip ? Types.String(arguments.Positional[skip]) : null;
        Arguments rest = arguments.Skip(skip + 1);
        List<object> kept = [];
        foreach (object item in interpreter.Iterate(value))
        {
            interpreter.Spend(8);
            object asked = byAttribute ? Path(interpreter, item, arguments.Positional[0]) : item;
            bool passes = test is null ? Types.IsTrue(asked) : Questions.Ask(interpreter, test, asked, rest);
            if (passes == wanted)
            {
                kept.Add(item);
            }
        }

        return Sequence.Generator(kept);
    }

    // What two values are compared by: strings without case, unless told otherwise.
    private static object Comparable(Interpreter interpreter, object value, object? attribute, bool caseSensitive)
    {
        value = attribute is null or None ? value : Path(interpreter, value, attribute);
        return value is string text && !caseSensitive ? Text.Lower(text) : value;
    }

    private static List<object> Sorted(
        Interpreter interpreter,
        IReadOnlyList<object> items,
        Func<object, object> key,
        bool reverse
    )
    {
        interpreter.Spend(items.Count * 24L);
        List<(object Key, object Item)> keyed = [.. items.Select(item => (key(item), item))];
        Comparer<object> order = Comparer<object>.Create(
            (a, b) =>
            {
                interpreter.Spend(1);
                return interpreter.Compare(a, b);
            }
        );
        try
        {
            // Stable either way, as Python's sort is.
            return
            [
                .. (reverse ? keyed.OrderByDescending(pair => pair.Key, order) : keyed.OrderBy(pair => pair.Key, order)).Select(
                    pair => pair.Item
                ),
            ];
        }
        catch (InvalidOperationException error) when (error.InnerException is TemplateFault fault)
        {
            throw fault;
        }
    }

    private static object Sort(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("sort", "reverse", "case_sensitive", "attribute");
        List<object> items = interpreter.ToList(value);
        string[]? attributes = given[2] is string text ? text.Split(',') : null;
        return Sequence.List(
            Sorted(
                interpreter,
                items,
                item =>
                    attributes is { Length: > 1 }
                        ? Sequence.List([.. attributes.Select(one => Comparable(interpreter, item, one, Flag(given[1])))])
                        : Comparable(interpreter, item, given[2], Flag(given[1])),
                Flag(given[0])
            )
        );
    }

    private static object DictSort(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("dictsort", "case_sensitive", "by", "reverse");
        Mapping map = value as Mapping ?? throw new TemplateFault($"'{Types.Name(value)}' object has no attribute 'items'");
        long index = (given[1] as string ?? "key") switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw new TemplateFault("You can only sort by either \"key\" or \"value\""),
        };
        IReadOnlyList<object> pairs = Methods.Items(interpreter, map).Take();
        return Sequence.List(
            Sorted(interpreter, pairs, pair => Comparable(interpreter, pair, index, Flag(given[0])), Flag(given[2]))
        );
    }

    private static object GroupBy(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("groupby", "attribute", "default", "case_sensitive");
        object attribute = given[0] ?? throw new TemplateFault("groupby needs an attribute");
        object Own(object item) =>
            Path(interpreter, item, attribute) is var found && found is Undefined && given[1] is { } otherwise
                ? otherwise
                : found;
        object Key(object item) => Own(item) is string text && !Flag(given[2]) ? Text.Lower(text) : Own(item);
        List<object> groups = [];
        List<object> group = [];
        object? last = null;
        foreach (object item in Sorted(interpreter, interpreter.Iterate(value), Key, false))
        {
            object key = Key(item);
            if (last is null || !interpreter.Equal(last, key))
            {
                group = [];
                groups.Add(Sequence.Tuple(Own(item), Sequence.List(group)));
            }

            group.Add(item);
            last = key;
        }

        return Sequence.List(groups);
    }

    private static object Unique(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("unique", "case_sensitive", "attribute");
        Mapping seen = [];
        List<object> kept = [];
        foreach (object item in interpreter.Iterate(value))
        {
            interpreter.Spend(8);
            if (seen.TryAdd(Mapping.Key(Comparable(interpreter, item, given[1], Flag(given[0]))), item))
            {
                kept.Add(item);
            }
        }

        return Sequence.Generator(kept);
    }

    private static object Extreme(Interpreter interpreter, object value, Arguments arguments, int sign)
    {
        object?[] given = arguments.Bind(sign > 0 ? "max" : "min", "case_sensitive", "attribute");
        object? best = null;
        object? bestKey = null;
        foreach (object item in interpreter.Iterate(value))
        {
            object key = Comparable(interpreter, item, given[1], Flag(given[0]));
            if (bestKey is null || interpreter.Compare(key, bestKey) * sign > 0)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best ?? new Undefined("No aggregated item, sequence was empty.");
    }

    private static object Sum(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("sum", "attribute", "start");
        object sum = given[1] ?? 0L;
        foreach (object item in interpreter.Iterate(value))
        {
            object part = given[0] is null or None ? item : Path(interpreter, item, given[0]!);
            sum = Arithmetic.Apply(interpreter, "+", sum, part);
        }

        return sum;
    }

    private static object Batch(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("batch", "linecount", "fill_with");
        int size = (int)Math.Max(1, Whole(given[0], 1));
        List<object> rows = [];
        foreach (object[] row in interpreter.ToList(value).Chunk(size))
        {
            interpreter.Spend(row.Length * 8L);
            bool fills = row.Length < size && given[1] is not (null or None);
            if (fills)
            {
                interpreter.Spend((size - row.Length) * 8L);
            }

            rows.Add(Sequence.List(fills ? [.. row, .. Enumerable.Repeat(given[1]!, size - row.Length)] : row));
        }

        return Sequence.Generator(rows);
    }

    private static object Slice(Interpreter interpreter, object value, Arguments arguments)
    {
        object?[] given = arguments.Bind("slice", "slices", "fill_with");
        int slices = (int)Whole(given[0], 1);
        if (slices < 1)
        {
            throw new TemplateFault("slice needs a positive number of slices");
        }

        List<object> items = interpreter.ToList(value);
        interpreter.Spend(slices * 16L);
        (int size, int longer) = Math.DivRem(items.Count, slices);
        List<object> columns = [];
        int at = 0;
        for (int i = 0; i < slices; i++)
        {
            int count = size + (i < longer ? 1 : 0);
            List<object> column = items.GetRange(at, count);
            if (given[1] is not (null or None) && i >= longer)
            {
                column.Add(given[1]!);
            }

            columns.Add(Sequence.List(column));
            at += count;
        }

        return Sequence.Generator(columns);
    }
}
