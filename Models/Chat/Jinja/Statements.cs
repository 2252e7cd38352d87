// Values are objects here, whatever a single method happens to return.
#pragma warning disable CA1859

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>What a statement does to the loop around it.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

internal abstract class Statement
{
    public Flow Execute(Interpreter interpreter)
    {
        interpreter.Enter();
        Flow flow = Run(interpreter);
        interpreter.Leave();
        return flow;
    }

    protected abstract Flow Run(Interpreter interpreter);

    public static Flow ExecuteAll(Interpreter interpreter, List<Statement> body)
    {
        foreach (Statement statement in body)
        {
            if (statement.Execute(interpreter) is not Flow.Next and var flow)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    public static Flow ExecuteIn(Interpreter interpreter, Scope scope, List<Statement> body)
    {
        Scope outer = interpreter.Scope;
        interpreter.Scope = scope;
        Flow flow = ExecuteAll(interpreter, body);
        interpreter.Scope = outer;
        return flow;
    }

    /// <summary>Gives a name, the names of a tuple or an attribute of a namespace a value.</summary>
    public static void Assign(Interpreter interpreter, Expression target, object value)
    {
        switch (target)
        {
            case Name name:
                interpreter.Scope.Set(name.Text, value);
                break;
            case AttributeOf attribute:
                object owner = attribute.Owner.Evaluate(interpreter);
                interpreter.Position = attribute.Position;
                Namespace space =
                    owner as Namespace ?? throw new TemplateFault("cannot assign attribute on non-namespace object");
                space.Attributes[attribute.Name] = value;
                break;
            case ItemsLiteral tuple:
                IReadOnlyList<object> values = interpreter.Iterate(value);
                if (values.Count != tuple.Items.Count)
                {
                    interpreter.Position = tuple.Position;
                    throw new TemplateFault($"{values.Count} values to unpack into {tuple.Items.Count} names");
                }

                for (int i = 0; i < values.Count; i++)
                {
                    Assign(interpreter, tuple.Items[i], values[i]);
                }

                break;
        }
    }
}

internal sealed class DataStatement(string text) : Statement
{
    protected override Flow Run(Interpreter interpreter)
    {
        interpreter.Write(text);
        return Flow.Next;
    }
}

internal sealed class PrintStatement(Expression value) : Statement
{
    protected override Flow Run(Interpreter interpreter)
    {
        object printed = value.Evaluate(interpreter);
        interpreter.Position = value.Position;
        interpreter.Write(interpreter.Str(printed));
        return Flow.Next;
    }
}

internal sealed class IfStatement(List<(Expression? Test, List<Statement> Body)> branches) : Statement
{
    protected override Flow Run(Interpreter interpreter)
    {
        foreach ((Expression? test, List<Statement> body) in branches)
        {
            if (test is null || Types.IsTrue(test.Evaluate(interpreter)))
            {
                return ExecuteAll(interpreter, body);
            }
        }

        return Flow.Next;
    }
}

internal sealed class FlowStatement(Flow flow) : Statement
{
    protected override Flow Run(Interpreter interpreter) => flow;
}

internal sealed class SetStatement(Expression target, Expression value) : Statement
{
    protected override Flow Run(Interpreter interpreter)
    {
        Assign(interpreter, target, value.Evaluate(interpreter));
        return Flow.Next;
    }
}

/// <summary>with, and generation, whose names end with it as well.</summary>
internal sealed class WithStatement(List<(Expression Target, Expression Value)> names, List<Statement> body) : Statement
{
    protected override Flow Run(Interpreter interpreter)
    {
        List<object> values = [.. names.Select(name => name.Value.Evaluate(interpreter))];
        Scope outer = interpreter.Scope;
        interpreter.Scope = new Scope(outer);
        for (int i = 0; i < values.Count; i++)
        {
            Assign(interpreter, names[i].Target, values[i]);
        }

        Flow flow = ExecuteAll(interpreter, body);
        interpreter.Scope = outer;
        return flow;
    }
}

internal sealed class ForStatement(
    int position,
    Expression target,
    Expression iterable,
    Expression? filter,
    List<Statement> body,
    List<Statement> otherwise,
    bool recursive
) : Statement
{
    protected override Flow Run(Interpreter interpreter)
    {
        object values = iterable.Evaluate(interpreter);
        Walk(interpreter, interpreter.Scope, values, 0);
        return Flow.Next;
    }

    private void Walk(Interpreter interpreter, Scope outer, object values, int depth)
    {
        interpreter.Position = position;
        IReadOnlyList<object> items = interpreter.Iterate(values);
        if (filter is not null)
        {
            items = Filtered(interpreter, outer, items);
        }

        Scope around = interpreter.Scope;
        Loop loop = new(
            items,
            depth,
            recursive
                ? (inner, arguments) =>
                    inner.Capture(() => Walk(inner, outer, arguments.Bind("loop", "iterable")[0] ?? None.Value, depth + 1))
                : null
        );
        for (int i = 0; i < items.Count; i++)
        {
            interpreter.Spend(4);
            loop.Index = i;
            interpreter.Scope = new Scope(outer);
            interpreter.Scope.Set("loop", loop);
            Assign(interpreter, target, items[i]);
            if (ExecuteAll(interpreter, body) == Flow.Break)
            {
                break;
            }
        }

        interpreter.Scope = around;
        if (items.Count == 0)
        {
            ExecuteIn(interpreter, new Scope(outer), otherwise);
        }
    }

    private List<object> Filtered(Interpreter interpreter, Scope outer, IReadOnlyList<object> items)
    {
        List<object> kept = [];
        Scope around = interpreter.Scope;
        foreach (object item in items)
        {
            interpreter.Spend(8);
            interpreter.Scope = new Scope(outer);
            Assign(interpreter, target, item);
            if (Types.IsTrue(filter!.Evaluate(interpreter)))
            {
                kept.Add(item);
            }
        }

        interpreter.Scope = around;
        return kept;
    }
}

/// <summary>The variable <c>loop</c>.</summary>
internal sealed class Loop(IReadOnlyList<object> items, int depth, Func<Interpreter, Arguments, object>? recurse)
{
    private object? _last;

    public int Index { get; set; }

    public Func<Interpreter, Arguments, object>? Recurse => recurse;

    public object? Attribute(string name) =>
        name switch
        {
            "index" => Index + 1L,
            "index0" => (long)Index,
            "revindex" => (long)items.Count - Index,
            "revindex0" => items.Count - Index - 1L,
            "first" => Index == 0,
            "last" => Index == items.Count - 1,
            "length" => (long)items.Count,
            "depth" => depth + 1L,
            "depth0" => (long)depth,
            "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
            "nextitem" => Index < items.Count - 1 ? items[Index + 1] : new Undefined("there is no next item"),
            "cycle" => new Callable("cycle", Cycle),
            "changed" => new Callable("changed", Changed),
            _ => null,
        };

    private object Cycle(Interpreter interpreter, Arguments arguments) =>
        arguments.Positional.Count > 0
            ? arguments.Positional[Index % arguments.Positional.Count]
            : throw new TemplateFault("no items for cycling given");

    private object Changed(Interpreter interpreter, Arguments arguments)
    {
        Sequence now = Sequence.Tuple([.. arguments.Positional]);
        bool changed = _last is null || !interpreter.Equal(_last, now);
        _last = now;
        return changed;
    }
}

internal sealed record Parameter(string Name, Expression? Default);

internal sealed class MacroStatement(
    string name,
    List<Parameter> parameters,
    List<Statement> body,
    bool takesMore,
    bool takesNamed
) : Statement
{
    protected override Flow Run(Interpreter interpreter)
    {
        interpreter.Scope.Set(name, new Macro(name, parameters, body, interpreter.Scope, takesMore, takesNamed));
        return Flow.Next;
    }
}

/// <summary>A macro with the scope it was defined in.</summary>
internal sealed class Macro(
    string name,
    List<Parameter> parameters,
    List<Statement> body,
    Scope scope,
    bool takesMore = false,
    bool takesNamed = false
)
{
    public object? Attribute(string attribute) => attribute == "name" ? name : null;

    public object Call(Interpreter interpreter, Arguments arguments)
    {
        Scope inner = new(scope);
        List<string> left = [.. arguments.Named.Keys];
        Scope outer = interpreter.Scope;
        interpreter.Scope = inner;
        for (int i = 0; i < parameters.Count; i++)
        {
            Parameter parameter = parameters[i];
            bool named = left.Remove(parameter.Name);
            if (named && i < arguments.Positional.Count)
            {
                throw new TemplateFault($"macro '{name}' got two values for the argument '{parameter.Name}'");
            }

            inner.Set(
                parameter.Name,
                i < arguments.Positional.Count ? arguments.Positional[i]
                    : named ? arguments.Named[parameter.Name]
                    : parameter.Default?.Evaluate(interpreter) ?? new Undefined($"parameter '{parameter.Name}' was not provided")
            );
        }

        IReadOnlyList<object> more = [.. arguments.Positional.Skip(parameters.Count)];
        Mapping moreNamed = [];
        foreach (string key in left)
        {
            moreNamed[key] = arguments.Named[key];
        }

        if (left.Remove("caller"))
        {
            inner.Set("caller", arguments.Named["caller"]);
            moreNamed.Remove("caller");
        }

        if (more.Count > 0 && !takesMore)
        {
            throw new TemplateFault($"macro '{name}' takes not more than {parameters.Count} argument(s)");
        }

        if (left.Count > 0 && !takesNamed)
        {
            throw new TemplateFault($"macro '{name}' takes no keyword argument '{left[0]}'");
        }

        inner.Set("varargs", new Sequence(SequenceKind.Tuple, more));
        inner.Set("kwargs", moreNamed);
        string text = interpreter.Capture(() => Statement.ExecuteAll(interpreter, body));
        interpreter.Scope = outer;
        return text;
    }
}

internal sealed class CallStatement(Call call, List<Parameter> parameters, List<Statement> body) : Statement
{
    protected override Flow Run(Interpreter interpreter)
    {
        Macro macro = new("caller", parameters, body, interpreter.Scope);
        interpreter.Write(interpreter.Str(call.Run(interpreter, new Callable("caller", macro.Call))));
        return Flow.Next;
    }
}
