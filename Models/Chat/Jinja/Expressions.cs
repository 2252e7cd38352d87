namespace Tokenwright.Models.Chat.Jinja;

/// <summary>An expression.</summary>
/// <param name="position">Where it stands in the source.</param>
internal abstract class Expression(int position)
{
    public int Position => position;

    public object Evaluate(Interpreter interpreter)
    {
        interpreter.Enter();
        object value = Run(interpreter);
        interpreter.Leave();
        return value;
    }

    protected abstract object Run(Interpreter interpreter);
}

internal sealed class Literal(int position, object value) : Expression(position)
{
    protected override object Run(Interpreter interpreter) => value;
}

internal sealed class Name(int position, string text) : Expression(position)
{
    public string Text => text;

    protected override object Run(Interpreter interpreter) => interpreter.Scope.Get(text);
}

internal sealed class ItemsLiteral(int position, SequenceKind kind, List<Expression> items) : Expression(position)
{
    public List<Expression> Items => items;

    public bool IsTuple => kind == SequenceKind.Tuple;

    protected override object Run(Interpreter interpreter)
    {
        interpreter.Spend(items.Count * 8L);
        return new Sequence(kind, [.. items.Select(item => item.Evaluate(interpreter))]);
    }
}

internal sealed class MappingLiteral(int position, List<(Expression Key, Expression Value)> pairs) : Expression(position)
{
    protected override object Run(Interpreter interpreter)
    {
        interpreter.Spend(pairs.Count * 8L);
        Mapping map = [];
        foreach ((Expression key, Expression value) in pairs)
        {
            map[Mapping.Key(key.Evaluate(interpreter))] = value.Evaluate(interpreter);
        }

        return map;
    }
}

internal sealed class Unary(int position, string operation, Expression operand) : Expression(position)
{
    protected override object Run(Interpreter interpreter)
    {
        object value = operand.Evaluate(interpreter);
        interpreter.Position = Position;
        return operation == "not" ? !Types.IsTrue(value) : Arithmetic.Negate(value, operation == "-");
    }
}

internal sealed class Binary(int position, string operation, Expression left, Expression right) : Expression(position)
{
    protected override object Run(Interpreter interpreter)
    {
        object a = left.Evaluate(interpreter);
        if (operation is "and" or "or")
        {
            return Types.IsTrue(a) == (operation == "or") ? a : right.Evaluate(interpreter);
        }

        object b = right.Evaluate(interpreter);
        interpreter.Position = Position;
        return operation == "~"
            ? interpreter.Concat(interpreter.Str(a), interpreter.Str(b))
            : Arithmetic.Apply(interpreter, operation, a, b);
    }
}

/// <summary>a &lt; b &lt; c: every neighbouring pair must hold.</summary>
internal sealed class Comparison(int position, Expression first, List<(string Operation, Expression Operand)> rest)
    : Expression(position)
{
    protected override object Run(Interpreter interpreter)
    {
        object left = first.Evaluate(interpreter);
        foreach ((string operation, Expression operand) in rest)
        {
            object right = operand.Evaluate(interpreter);
            interpreter.Position = Position;
            bool holds = operation switch
            {
                "==" => interpreter.Equal(left, right),
                "!=" => !interpreter.Equal(left, right),
                "in" => interpreter.Contains(right, left),
                "not in" => !interpreter.Contains(right, left),
                "<" => interpreter.Compare(left, right, operation) < 0,
                "<=" => interpreter.Compare(left, right, operation) <= 0,
                ">" => interpreter.Compare(left, right, operation) > 0,
                _ => interpreter.Compare(left, right, operation) >= 0,
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }
}

internal sealed class Conditional(int position, Expression test, Expression then, Expression? otherwise) : Expression(position)
{
    protected override object Run(Interpreter interpreter) =>
        Types.IsTrue(test.Evaluate(interpreter)) ? then.Evaluate(interpreter)
        : otherwise is not null ? otherwise.Evaluate(interpreter)
        : new Undefined("the inline if-expression evaluated to false and no else section was defined");
}

internal sealed class AttributeOf(int position, Expression value, string name) : Expression(position)
{
    public Expression Owner => value;

    public string Name => name;

    protected override object Run(Interpreter interpreter)
    {
        object owner = value.Evaluate(interpreter);
        interpreter.Position = Position;
        return Interpreter.Attribute(owner, name);
    }
}

internal sealed class ItemOf(int position, Expression value, Expression key) : Expression(position)
{
    protected override object Run(Interpreter interpreter)
    {
        object owner = value.Evaluate(interpreter);
        object index = key.Evaluate(interpreter);
        interpreter.Position = Position;
        return interpreter.Item(owner, index);
    }
}

internal sealed class SliceOf(int position, Expression value, Expression? start, Expression? stop, Expression? step)
    : Expression(position)
{
    protected override object Run(Interpreter interpreter)
    {
        object owner = value.Evaluate(interpreter);
        object from = start?.Evaluate(interpreter) ?? None.Value;
        object to = stop?.Evaluate(interpreter) ?? None.Value;
        object by = step?.Evaluate(interpreter) ?? None.Value;
        interpreter.Position = Position;
        return interpreter.Slice(owner, SliceRange.Of(from, to, by));
    }
}

/// <summary>The arguments of a call, a filter or a test as they are written.</summary>
internal sealed class ArgumentList
{
    public static readonly ArgumentList Empty = new();

    public List<Expression> Positional { get; } = [];

    public List<(string Name, Expression Value)> Named { get; } = [];

    public Expression? Spread { get; set; }

    public Expression? SpreadNamed { get; set; }

    public Arguments Evaluate(Interpreter interpreter)
    {
        interpreter.Spend((Positional.Count + Named.Count) * 8L);
        List<object> positional = [.. Positional.Select(argument => argument.Evaluate(interpreter))];
        Dictionary<string, object> named = new(StringComparer.Ordinal);
        foreach ((string name, Expression value) in Named)
        {
            named[name] = value.Evaluate(interpreter);
        }

        if (Spread is not null)
        {
            positional.AddRange(interpreter.ToList(Spread.Evaluate(interpreter)));
        }

        if (SpreadNamed?.Evaluate(interpreter) is { } more)
        {
            foreach (
                (object key, object value) in more as Mapping ?? throw new TemplateFault("argument after ** must be a mapping")
            )
            {
                interpreter.Spend(8);
                named[Types.String(key)] = value;
            }
        }

        return new Arguments(positional, named);
    }
}

internal sealed class Call(int position, Expression function, ArgumentList arguments) : Expression(position)
{
    protected override object Run(Interpreter interpreter) => Run(interpreter, null);

    public object Run(Interpreter interpreter, Callable? caller)
    {
        object target = function.Evaluate(interpreter);
        Arguments values = arguments.Evaluate(interpreter);
        if (caller is not null)
        {
            values = new Arguments(values.Positional, new Dictionary<string, object>(values.Named) { ["caller"] = caller });
        }

        interpreter.Position = Position;
        return interpreter.Call(target, values);
    }
}

/// <summary>value | name(arguments); without a value inside a filter block.</summary>
internal sealed class FilterCall(int position, Expression value, string name, ArgumentList arguments) : Expression(position)
{
    protected override object Run(Interpreter interpreter)
    {
        object input = value.Evaluate(interpreter);
        Arguments values = arguments.Evaluate(interpreter);
        interpreter.Position = Position;
        return Filters.Apply(interpreter, name, input, values);
    }
}

internal sealed class TestCall(int position, Expression value, string name, ArgumentList arguments, bool negated)
    : Expression(position)
{
    protected override object Run(Interpreter interpreter)
    {
        object input = value.Evaluate(interpreter);
        Arguments values = arguments.Evaluate(interpreter);
        interpreter.Position = Position;
        return Questions.Ask(interpreter, name, input, values) != negated;
    }
}

/// <summary>A value that is already there: the body of a filter or set block.</summary>
internal sealed class Captured(int position, List<Statement> body) : Expression(position)
{
    protected override object Run(Interpreter interpreter) =>
        interpreter.Capture(() => Statement.ExecuteIn(interpreter, new Scope(interpreter.Scope), body));
}
