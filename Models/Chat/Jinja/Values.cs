using System.Diagnostics.CodeAnalysis;

namespace Tokenwright.Models.Chat.Jinja;

// A template's values are CLR objects: None, Undefined, bool, long, double, string, Sequence, Mapping, Namespace and Callable.
// All but a namespace are immutable, as in the sandbox in which chat templates are run.

/// <summary>Python's None.</summary>
internal sealed class None
{
    public static readonly None Value = new();

    private None() { }
}

/// <summary>What a name or attribute that is not there evaluates to: empty when printed, an error in most other uses.</summary>
/// <param name="message">The error of those uses.</param>
internal sealed class Undefined(string message)
{
    public string Message => message;
}

internal enum SequenceKind
{
    List,
    Tuple,
    Range,

    /// <summary>The keys, values or items of a mapping: has a length but no elements to index.</summary>
    View,

    /// <summary>The result of a lazy filter: always true, without length, and empty once it has been run through.</summary>
    Generator,
}

/// <summary>Values in order.</summary>
/// <param name="kind">What it is in Python.</param>
/// <param name="items">The values; a view of a list that is not changed any more.</param>
/// <param name="text">How a range or a view prints, in front of its items.</param>
internal sealed class Sequence(SequenceKind kind, IReadOnlyList<object> items, string text = "")
{
    private static readonly IReadOnlyList<object> Nothing = [];
    private bool _used;

    public SequenceKind Kind => kind;

    public string Text => text;

    public int Count => items.Count;

    public object this[int index] => items[index];

    public bool IsIndexed => kind is SequenceKind.List or SequenceKind.Tuple or SequenceKind.Range;

    /// <summary>The values, for one walk over them: a generator gives them once.</summary>
    public IReadOnlyList<object> Take()
    {
        if (kind != SequenceKind.Generator)
        {
            return items;
        }

        if (_used)
        {
            return Nothing;
        }

        _used = true;
        return items;
    }

    public static Sequence List(IReadOnlyList<object> items) => new(SequenceKind.List, items);

    public static Sequence Tuple(params object[] items) => new(SequenceKind.Tuple, items);

    public static Sequence Generator(IReadOnlyList<object> items) => new(SequenceKind.Generator, items);
}

/// <summary>A dict: keys in the order of insertion; 1, 1.0 and True are one key.</summary>
internal sealed class Mapping : OrderedDictionary<object, object>
{
    public Mapping()
        : base(KeyComparer.Instance) { }

    /// <summary>A key as it is looked up, or a fault: keys are scalars and tuples of scalars.</summary>
    public static object Key(object value)
    {
        if (value is Sequence { Kind: SequenceKind.Tuple } tuple)
        {
            for (int i = 0; i < tuple.Count; i++)
            {
                if (tuple[i] is Sequence or Mapping)
                {
                    throw new TemplateFault("a tuple of lists, tuples or dicts is no key");
                }
            }
        }
        else if (value is Sequence or Mapping)
        {
            throw new TemplateFault($"unhashable type: '{Types.Name(value)}'");
        }

        return value;
    }

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        public new bool Equals(object? a, object? b)
        {
            if (a is Sequence { Kind: SequenceKind.Tuple } left && b is Sequence { Kind: SequenceKind.Tuple } right)
            {
                bool same = left.Count == right.Count;
                for (int i = 0; same && i < left.Count; i++)
                {
                    same = Scalar(left[i]).Equals(Scalar(right[i]));
                }

                return same;
            }

            return Scalar(a!).Equals(Scalar(b!));
        }

        public int GetHashCode([DisallowNull] object value)
        {
            if (value is not Sequence { Kind: SequenceKind.Tuple } tuple)
            {
                return Scalar(value).GetHashCode();
            }

            HashCode hash = new();
            for (int i = 0; i < tuple.Count; i++)
            {
                hash.Add(Scalar(tuple[i]));
            }

            return hash.ToHashCode();
        }

        private static object Scalar(object value) =>
            value switch
            {
                bool flag => flag ? 1L : 0L,
                double number when number == Math.Floor(number) && Math.Abs(number) < 9e18 => (long)number,
                _ => value,
            };
    }
}

/// <summary>What <c>namespace()</c> makes: attributes that can be set from inner scopes.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>A macro, a method bound to its value, or a function.</summary>
/// <param name="name">Its name, for errors.</param>
/// <param name="call">What a call does.</param>
internal sealed class Callable(string name, Func<Interpreter, Arguments, object> call)
{
    public string Name => name;

    public object Call(Interpreter interpreter, Arguments arguments) => call(interpreter, arguments);
}

/// <summary>The arguments of a call.</summary>
internal sealed class Arguments(IReadOnlyList<object> positional, IReadOnlyDictionary<string, object>? named = null)
{
    private static readonly Dictionary<string, object> NoNames = [];

    public static readonly Arguments None = new([]);

    public IReadOnlyList<object> Positional => positional;

    public IReadOnlyDictionary<string, object> Named { get; } = named ?? NoNames;

    /// <summary>One value per parameter, null where none is given; a fault if there are more arguments than that.</summary>
    public object?[] Bind(string function, params ReadOnlySpan<string> parameters)
    {
        if (positional.Count > parameters.Length)
        {
            throw new TemplateFault($"{function} takes at most {parameters.Length} arguments ({positional.Count} given)");
        }

        object?[] bound = new object?[parameters.Length];
        for (int i = 0; i < positional.Count; i++)
        {
            bound[i] = positional[i];
        }

        foreach ((string name, object value) in Named)
        {
            int index = parameters.IndexOf(name);
            if (index < 0)
            {
                throw new TemplateFault($"{function} got an unexpected keyword argument '{name}'");
            }

            bound[index] = bound[index] is null
                ? value
                : throw new TemplateFault($"{function} got two values for argument '{name}'");
        }

        return bound;
    }

    /// <summary>The arguments without the first few.</summary>
    public Arguments Skip(int count) => new([.. positional.Skip(count)], Named);
}

/// <summary>An error of a template that is running or being parsed; where it was is added on the way out.</summary>
internal class TemplateFault(string message) : Exception(message);

/// <summary>An error that the template itself raises.</summary>
internal sealed class RaisedFault(string message) : TemplateFault(message);
