using System.Runtime.CompilerServices;
using System.Text;

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>One run of a template: its output, its scopes and its budgets.</summary>
internal sealed class Interpreter
{
    private readonly ChatTemplateLimits _limits;
    private long _work;
    private int _depth;

    public Interpreter(ChatTemplateLimits limits, Scope globals)
    {
        _limits = limits;
        Scope = globals;
    }

    /// <summary>The node that is being evaluated, for errors.</summary>
    public int Position { get; set; }

    public Scope Scope { get; set; }

    public StringBuilder Output { get; private set; } = new();

    /// <summary>Counts steps, and characters and elements made: time and memory stay within a multiple of it.</summary>
    public void Spend(long work)
    {
        _work += work;
        if (_work > _limits.MostWork || work > _limits.MostWork)
        {
            throw new TemplateFault($"the template does more than {_limits.MostWork} units of work; it may not end");
        }
    }

    public void Enter()
    {
        Spend(1);
        if (++_depth > _limits.MostDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateFault($"the template nests more than {_limits.MostDepth} levels deep");
        }
    }

    public void Leave() => _depth--;

    public void Write(string text)
    {
        Spend(text.Length);
        if (Output.Length + text.Length > _limits.MostCharacters)
        {
            throw new TemplateFault($"the text is longer than {_limits.MostCharacters} characters");
        }

        Output.Append(text);
    }

    /// <summary>What a block writes, as a string.</summary>
    public string Capture(Action write)
    {
        StringBuilder outer = Output;
        Output = new StringBuilder();
        try
        {
            write();
            Spend(Output.Length);
            return Output.ToString();
        }
        finally
        {
            Output = outer;
        }
    }

    /// <summary>A text's length is paid before the text is made.</summary>
    public string Concat(string a, string b)
    {
        Spend((long)a.Length + b.Length);
        return string.Concat(a, b);
    }

    /// <summary>str(value).</summary>
    public string Str(object value)
    {
        if (value is string text)
        {
            return text;
        }

        StringBuilder output = new();
        Print(value, output);
        return output.ToString();
    }

    // A value inside a list or dict prints as Python would write it in source.
    private void Represent(object value, StringBuilder output)
    {
        if (value is string text)
        {
            Spend(text.Length);
            Text.WriteQuoted(text, output);
        }
        else if (value is Undefined)
        {
            output.Append("Undefined");
        }
        else
        {
            Print(value, output);
        }
    }

    public string Repr(object value)
    {
        StringBuilder output = new();
        Represent(value, output);
        return output.ToString();
    }

    private void Print(object value, StringBuilder output)
    {
        Enter();
        switch (value)
        {
            case None:
                output.Append("None");
                break;
            case Undefined:
                break;
            case bool flag:
                output.Append(flag ? "True" : "False");
                break;
            case long number:
                output.Append(number);
                break;
            case double number:
                output.Append(Text.Float(number));
                break;
            case Sequence { Kind: SequenceKind.Range } range:
                output.Append(range.Text);
                break;
            case Sequence { Kind: SequenceKind.Generator }:
                output.Append("<generator object>");
                break;
            case Sequence items:
                PrintSequence(items, output);
                break;
            case Mapping map:
                PrintPairs(map, output);
                break;
            case Namespace space:
                output.Append("<Namespace ");
                PrintPairs(space.Attributes.Select(pair => KeyValuePair.Create((object)pair.Key, pair.Value)), output);
                output.Append('>');
                break;
            case Callable function:
                output.Append('<').Append("function ").Append(function.Name).Append('>');
                break;
            default:
                output.Append('<').Append(Types.Name(value)).Append('>');
                break;
        }

        Leave();
    }

    private void PrintSequence(Sequence items, StringBuilder output)
    {
        bool tuple = items.Kind == SequenceKind.Tuple;
        output
            .Append(items.Text)
            .Append(
                items.Kind == SequenceKind.View ? "(["
                : tuple ? "("
                : "["
            );
        for (int i = 0; i < items.Count; i++)
        {
            output.Append(i > 0 ? ", " : "");
            Represent(items[i], output);
        }

        output.Append(tuple && items.Count == 1 ? "," : "");
        output.Append(
            items.Kind == SequenceKind.View ? "])"
            : tuple ? ")"
            : "]"
        );
    }

    private void PrintPairs(IEnumerable<KeyValuePair<object, object>> pairs, StringBuilder output)
    {
        output.Append('{');
        bool first = true;
        foreach ((object key, object value) in pairs)
        {
            output.Append(first ? "" : ", ");
            first = false;
            Represent(key, output);
            output.Append(": ");
            Represent(value, output);
        }

        output.Append('}');
    }

    /// <summary>The values that a loop over a value sees.</summary>
    public IReadOnlyList<object> Iterate(object value)
    {
        switch (value)
        {
            case Sequence items:
                Spend(items.Count);
                return items.Take();
            case string text:
                Spend(text.Length * 4L);
                return Text.Characters(text);
            case Mapping map:
                Spend(map.Count);
                return [.. map.Keys];
            case Undefined:
                return [];
            default:
                throw new TemplateFault($"'{Types.Name(value)}' object is not iterable");
        }
    }

    /// <summary>A list of its own.</summary>
    public List<object> ToList(object value)
    {
        IReadOnlyList<object> items = Iterate(value);
        Spend(items.Count * 8L);
        return [.. items];
    }

    public static long Length(object value) =>
        value switch
        {
            string text => Text.Length(text),
            Sequence { Kind: not SequenceKind.Generator } items => items.Count,
            Mapping map => map.Count,
            Undefined => 0,
            _ => throw new TemplateFault($"object of type '{Types.Name(value)}' has no len()"),
        };

    public bool Equal(object a, object b)
    {
        if (Types.Number(a) is { } x && Types.Number(b) is { } y)
        {
            return a is double || b is double ? x == y : Types.Whole(a) == Types.Whole(b);
        }

        if (a is Sequence left && b is Sequence right && left.Kind == right.Kind && left.Kind < SequenceKind.View)
        {
            Enter();
            bool same = left.Count == right.Count;
            for (int i = 0; same && i < left.Count; i++)
            {
                same = Equal(left[i], right[i]);
            }

            Leave();
            return same;
        }

        if (a is Mapping map && b is Mapping other)
        {
            Enter();
            bool same = map.Count == other.Count;
            foreach ((object key, object value) in map)
            {
                same = same && other.TryGetValue(key, out object? theirs) && Equal(value, theirs);
            }

            Leave();
            return same;
        }

        return (a is Undefined && b is Undefined) || a.Equals(b);
    }

    /// <summary>Less than 0, 0 or more as in Python; a fault where the two have no order.</summary>
    public int Compare(object a, object b, string operation = "<")
    {
        if (Types.Number(a) is { } x && Types.Number(b) is { } y)
        {
            return a is double || b is double
                ? (
                    x < y ? -1
                    : x > y ? 1
                    : 0
                )
                : Types.Whole(a)!.Value.CompareTo(Types.Whole(b)!.Value);
        }

        if (a is string text && b is string other)
        {
            return Text.Compare(text, other);
        }

        if (a is Sequence left && b is Sequence right && left.Kind == right.Kind && left.Kind < SequenceKind.Range)
        {
            Enter();
            int order = 0;
            for (int i = 0; order == 0 && i < Math.Min(left.Count, right.Count); i++)
            {
                order = Compare(left[i], right[i], operation);
            }

            Leave();
            return order != 0 ? order : left.Count.CompareTo(right.Count);
        }

        ThrowIfUndefined(a);
        ThrowIfUndefined(b);
        throw new TemplateFault($"'{operation}' not supported between instances of '{Types.Name(a)}' and '{Types.Name(b)}'");
    }

    public bool Contains(object container, object value)
    {
        switch (container)
        {
            case string text:
                return value is string part
                    ? text.Contains(part, StringComparison.Ordinal)
                    : throw new TemplateFault($"'in <string>' requires string as left operand, not {Types.Name(value)}");
            case Mapping map:
                return map.ContainsKey(Mapping.Key(value));
            case Sequence or Undefined:
                return Iterate(container).Any(item => Equal(item, value));
            default:
                throw new TemplateFault($"argument of type '{Types.Name(container)}' is not iterable");
        }
    }

    /// <summary>value.name: Python's attributes first, then the elements.</summary>
    public static object Attribute(object value, string name)
    {
        ThrowIfUndefined(value);
        return Methods.Find(value, name)
            ?? (value is Mapping map && map.TryGetValue(name, out object? item) ? item : Missing(value, name));
    }

    /// <summary>value[key]: elements first, then, for a string, the attributes.</summary>
    public object Item(object value, object key)
    {
        ThrowIfUndefined(value);
        switch (value)
        {
            case Mapping map when key is not (Sequence { Kind: not SequenceKind.Tuple } or Mapping):
                if (map.TryGetValue(Mapping.Key(key), out object? item))
                {
                    return item;
                }

                break;
            case Sequence { IsIndexed: true } items when Types.Whole(key) is { } index:
                index = index < 0 ? index + items.Count : index;
                if (index >= 0 && index < items.Count)
                {
                    return items[(int)index];
                }

                break;
            case string text when Types.Whole(key) is { } index:
                Spend(text.Length / 16);
                if (Text.At(text, index) is { } character)
                {
                    return character;
                }

                break;
        }

        return key is string name
            ? Methods.Find(value, name) ?? Missing(value, name)
            : new Undefined($"{Types.Describe(value)} has no element {Repr(key)}");
    }

    public object Slice(object value, in SliceRange range)
    {
        ThrowIfUndefined(value);
        if (value is string text)
        {
            Spend(text.Length);
            return Text.Slice(text, range);
        }

        if (value is not Sequence { IsIndexed: true } items)
        {
            return new Undefined($"{Types.Describe(value)} has no slices");
        }

        (int start, int step, int count) = range.Over(items.Count);
        Spend(count * 8L);
        object[] part = new object[count];
        for (int i = 0; i < count; i++)
        {
            part[i] = items[start + i * step];
        }

        return new Sequence(items.Kind == SequenceKind.Tuple ? SequenceKind.Tuple : SequenceKind.List, part);
    }

    public object Call(object function, Arguments arguments)
    {
        ThrowIfUndefined(function);
        Enter();
        object result = function switch
        {
            Callable callable => callable.Call(this, arguments),
            Macro macro => macro.Call(this, arguments),
            Loop { Recurse: { } recurse } => recurse(this, arguments),
            _ => throw new TemplateFault($"'{Types.Name(function)}' object is not callable"),
        };
        Leave();
        return result;
    }

    public static void ThrowIfUndefined(object value)
    {
        if (value is Undefined undefined)
        {
            throw new TemplateFault(undefined.Message);
        }
    }

    private static Undefined Missing(object value, string name) => new($"'{Types.Describe(value)}' has no attribute '{name}'");
}

/// <summary>Names and what they stand for; a name that is not here is looked for further out.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    public void Set(string name, object value) => _values[name] = value;

    public object Get(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._values.TryGetValue(name, out object? value))
            {
                return value;
            }
        }

        return new Undefined($"'{name}' is undefined");
    }

    private Scope? Outer => outer;
}
