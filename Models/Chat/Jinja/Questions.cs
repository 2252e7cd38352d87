namespace Tokenwright.Models.Chat.Jinja;

/// <summary>Jinja's tests: what stands behind <c>is</c>.</summary>
internal static class Questions
{
    private static readonly Dictionary<string, Func<Interpreter, object, Arguments, bool>> All = new(StringComparer.Ordinal)
    {
        ["defined"] = (_, value, _) => value is not Undefined,
        ["undefined"] = (_, value, _) => value is Undefined,
        ["none"] = (_, value, _) => value is None,
        ["boolean"] = (_, value, _) => value is bool,
        ["true"] = (_, value, _) => value is true,
        ["false"] = (_, value, _) => value is false,
        ["integer"] = (_, value, _) => value is long,
        ["float"] = (_, value, _) => value is double,
        ["number"] = (_, value, _) => Types.Number(value) is not null,
        ["string"] = (_, value, _) => value is string,
        ["mapping"] = (_, value, _) => value is Mapping,
        ["iterable"] = (_, value, _) => value is string or Sequence or Mapping or Undefined,
        ["sequence"] = (_, value, _) => value is string or Mapping or Undefined or Sequence { IsIndexed: true },
        ["callable"] = (_, value, _) => value is Callable or Macro,
        ["escaped"] = (_, _, _) => false,
        ["lower"] = (interpreter, value, _) => Ask(interpreter, value, "islower"),
        ["upper"] = (interpreter, value, _) => Ask(interpreter, value, "isupper"),
        ["odd"] = (interpreter, value, _) => Rest(interpreter, value, 2L) is 1L or 1.0,
        ["even"] = (interpreter, value, _) => Rest(interpreter, value, 2L) is 0L or 0.0,
        ["divisibleby"] = (interpreter, value, arguments) => Rest(interpreter, value, One(arguments)) is 0L or 0.0,
        ["sameas"] = (interpreter, value, arguments) => Same(interpreter, value, One(arguments)),
        ["in"] = (interpreter, value, arguments) => interpreter.Contains(One(arguments), value),
        ["filter"] = (_, value, _) => value is string name && Filters.Exists(name),
        ["test"] = (_, value, _) => value is string name && Exists(name),
        ["eq"] = (interpreter, value, arguments) => interpreter.Equal(value, One(arguments)),
        ["ne"] = (interpreter, value, arguments) => !interpreter.Equal(value, One(arguments)),
        ["lt"] = (interpreter, value, arguments) => interpreter.Compare(value, One(arguments), "<") < 0,
        ["le"] = (interpreter, value, arguments) => interpreter.Compare(value, One(arguments), "<=") <= 0,
        ["gt"] = (interpreter, value, arguments) => interpreter.Compare(value, One(arguments), ">") > 0,
        ["ge"] = (interpreter, value, arguments) => interpreter.Compare(value, One(arguments), ">=") >= 0,
    };

    static Questions()
    {
        foreach (
            (string alias, string name) in new[]
            {
                ("==", "eq"),
                ("equalto", "eq"),
                ("!=", "ne"),
                ("<", "lt"),
                ("lessthan", "lt"),
                ("<=", "le"),
                (">", "gt"),
                ("greaterthan", "gt"),
                (">=", "ge"),
            }
        )
        {
            All[alias] = All[name];
        }
    }

    public static bool Exists(string name) => All.ContainsKey(name);

    public static bool Ask(Interpreter interpreter, string name, object value, Arguments arguments) =>
        All.TryGetValue(name, out var test)
            ? test(interpreter, value, arguments)
            : throw new TemplateFault($"No test named '{name}'.");

    private static bool Ask(Interpreter interpreter, object value, string method) =>
        (bool)interpreter.Call(Methods.Find(interpreter.Str(value), method)!, Arguments.None);

    private static object Rest(Interpreter interpreter, object value, object divisor) =>
        Arithmetic.Apply(interpreter, "%", value, divisor);

    private static object One(Arguments arguments) =>
        arguments.Positional.Count == 1
            ? arguments.Positional[0]
            : throw new TemplateFault($"the test takes one argument, not {arguments.Positional.Count}");

    private static bool Same(Interpreter interpreter, object a, object b) =>
        a is Sequence or Mapping or Namespace ? ReferenceEquals(a, b) : a.GetType() == b.GetType() && interpreter.Equal(a, b);
}
