using System.Globalization;

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>Jinja's global functions.</summary>
internal static class Functions
{
    // The sandbox's own limit.
    private const int LongestRange = 100_000;

    public static Sequence Range(Interpreter interpreter, Arguments arguments)
    {
        object?[] given = arguments.Bind("range", "start", "stop", "step");
        long first = Types.Int(given[0] ?? throw new TemplateFault("range expected at least 1 argument, got 0"));
        (long start, long stop) = given[1] is { } end ? (first, (long)Types.Int(end)) : (0, first);
        long step = given[2] is { } by ? Types.Int(by) : 1;
        if (step == 0)
        {
            throw new TemplateFault("range() arg 3 must not be zero");
        }

        long count = Math.Max(0, step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step);
        if (count > LongestRange)
        {
            throw new TemplateFault($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({LongestRange}).");
        }

        interpreter.Spend(count * 8);
        object[] items = new object[count];
        for (int i = 0; i < count; i++)
        {
            items[i] = start + i * step;
        }

        string text = string.Create(CultureInfo.InvariantCulture, $"range({start}, {stop}{(step == 1 ? "" : $", {step}")})");
        return new Sequence(SequenceKind.Range, items, text);
    }

    public static Mapping Dict(Arguments arguments)
    {
        Mapping map = [];
        foreach ((object key, object value) in Pairs(arguments))
        {
            map[key] = value;
        }

        return map;
    }

    public static Namespace Namespace(Arguments arguments)
    {
        Namespace space = new();
        foreach ((object key, object value) in Pairs(arguments))
        {
            space.Attributes[Types.String(key)] = value;
        }

        return space;
    }

    private static IEnumerable<(object Key, object Value)> Pairs(Arguments arguments)
    {
        foreach (object argument in arguments.Positional)
        {
            Mapping map = argument as Mapping ?? throw new TemplateFault($"expected a dict, not '{Types.Name(argument)}'");
            foreach ((object key, object value) in map)
            {
                yield return (key, value);
            }
        }

        foreach ((string name, object value) in arguments.Named)
        {
            yield return (name, value);
        }
    }
}
