namespace Tokenwright.Models.Chat.Jinja;

/// <summary>What Python calls a value's type, and what it takes for true.</summary>
internal static class Types
{
    /// <summary>The name of the value's class.</summary>
    public static string Name(object value) =>
        value switch
        {
            None => "NoneType",
            Undefined => "Undefined",
            bool => "bool",
            long => "int",
            double => "float",
            string => "str",
            Mapping => "dict",
            Namespace => "Namespace",
            Sequence { Kind: SequenceKind.List } => "list",
            Sequence { Kind: SequenceKind.Tuple } => "tuple",
            Sequence { Kind: SequenceKind.Range } => "range",
            Sequence { Kind: SequenceKind.View } view => view.Text,
            Sequence => "generator",
            Loop => "LoopContext",
            _ => "function",
        };

    /// <summary>How Jinja's errors speak of a value: "dict object", but plainly "None".</summary>
    public static string Describe(object value) => value is None ? "None" : Name(value) + " object";

    public static bool IsTrue(object value) =>
        value switch
        {
            None or Undefined => false,
            bool flag => flag,
            long number => number != 0,
            double number => number != 0,
            string text => text.Length > 0,
            Sequence { Kind: SequenceKind.Generator } => true,
            Sequence items => items.Count > 0,
            Mapping map => map.Count > 0,
            _ => true,
        };

    /// <summary>A number as float64, or null if it is none; a bool counts as 0 or 1.</summary>
    public static double? Number(object value) =>
        value switch
        {
            bool flag => flag ? 1 : 0,
            long number => number,
            double number => number,
            _ => null,
        };

    /// <summary>A whole number, or null if it is none; a bool counts as 0 or 1.</summary>
    public static long? Whole(object value) =>
        value switch
        {
            bool flag => flag ? 1 : 0,
            long number => number,
            _ => null,
        };

    /// <summary>A whole number that fits a length or an index; anything else is a fault.</summary>
    public static int Int(object value) =>
        Whole(value) is not { } number
            ? throw new TemplateFault($"'{Name(value)}' object cannot be interpreted as an integer")
            : (int)Math.Clamp(number, int.MinValue, int.MaxValue);

    public static string String(object value) =>
        value as string
        ?? throw new TemplateFault(value is Undefined none ? none.Message : $"expected a str, not '{Name(value)}'");
}
