using System.Globalization;

namespace Tokenwright.Models.Chat.Jinja;

/// <content>Its expressions, from those that bind least to those that bind most.</content>
internal sealed partial class Parser
{
    /// <summary>An expression, or several with commas between, which make a tuple.</summary>
    private Expression Tuple(bool conditional = true)
    {
        int position = Position;
        Expression first = conditional ? Any() : Or();
        if (!IsOperator(","))
        {
            return first;
        }

        List<Expression> items = [first];
        while (TakeOperator(",") && !EndsTuple())
        {
            items.Add(conditional ? Any() : Or());
        }

        return new ItemsLiteral(position, SequenceKind.Tuple, items);
    }

    private bool EndsTuple() =>
        Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || IsOperator(")") || IsWord("recursive") || IsWord("if");

    private Expression Any()
    {
        Enter();
        int position = Position;
        Expression value = Or();
        while (TakeWord("if"))
        {
            Expression test = Or();
            Expression? otherwise = TakeWord("else") ? Any() : null;
            value = new Conditional(position, test, value, otherwise);
        }

        Leave();
        return value;
    }

    private Expression Or()
    {
        Expression left = And();
        while (IsWord("or"))
        {
            int position = Next().Position;
            left = new Binary(position, "or", left, And());
        }

        return left;
    }

    private Expression And()
    {
        Expression left = Not();
        while (IsWord("and"))
        {
            int position = Next().Position;
            left = new Binary(position, "and", left, Not());
        }

        return left;
    }

    private Expression Not()
    {
        if (!IsWord("not"))
        {
            return Compare();
        }

        Enter();
        int position = Next().Position;
        Expression value = new Unary(position, "not", Not());
        Leave();
        return value;
    }

    private Expression Compare()
    {
        int position = Position;
        Expression first = Sum();
        List<(string, Expression)> rest = [];
        while (true)
        {
            if (Current is { Kind: TokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" })
            {
                rest.Add((Next().Text, Sum()));
            }
            else if (TakeWord("in"))
            {
                rest.Add(("in", Sum()));
            }
            else if (IsWord("not") && tokens[_at + 1] is { Kind: TokenKind.Name, Text: "in" })
            {
                _at += 2;
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new Comparison(position, first, rest);
            }
        }
    }

    private Expression Sum() => LeftToRight(Concatenation, "+", "-");

    private Expression Concatenation() => LeftToRight(Product, "~");

    private Expression Product() => LeftToRight(Power, "*", "/", "//", "%");

    private Expression Power() => LeftToRight(() => Sign(), "**");

    private Expression LeftToRight(Func<Expression> operand, params ReadOnlySpan<string> operations)
    {
        Expression left = operand();
        while (Current.Kind == TokenKind.Operator && operations.Contains(Current.Text))
        {
            Token operation = Next();
            left = new Binary(operation.Position, operation.Text, left, operand());
        }

        return left;
    }

    private Expression Sign(bool filters = true)
    {
        Enter();
        Expression value;
        if (IsOperator("-") || IsOperator("+"))
        {
            Token sign = Next();
            value = new Unary(sign.Position, sign.Text, Sign(filters: false));
        }
        else
        {
            value = Primary();
        }

        value = Postfix(value);
        value = filters ? FiltersAndTests(value) : value;
        Leave();
        return value;
    }

    private Expression Primary()
    {
        Token token = Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                _takesMore |= token.Text == "varargs";
                _takesNamed |= token.Text == "kwargs";
                return token.Text switch
                {
                    "true" or "True" => new Literal(token.Position, true),
                    "false" or "False" => new Literal(token.Position, false),
                    "none" or "None" => new Literal(token.Position, None.Value),
                    _ => new Name(token.Position, token.Text),
                };
            case TokenKind.String:
                string text = token.Text;
                while (Current.Kind == TokenKind.String)
                {
                    text += Next().Text;
                }

                return new Literal(token.Position, text);
            case TokenKind.Integer:
                return new Literal(
                    token.Position,
                    Filters.ParseWhole(token.Text, 0) ?? throw new TemplateFault($"'{token.Text}' is no number")
                );
            case TokenKind.Float:
                string digits = token.Text.Replace("_", "", StringComparison.Ordinal);
                return new Literal(token.Position, double.Parse(digits, CultureInfo.InvariantCulture));
            case TokenKind.Operator when token.Text == "(":
                return Parenthesised(token.Position);
            case TokenKind.Operator when token.Text == "[":
                return new ItemsLiteral(token.Position, SequenceKind.List, List("]"));
            case TokenKind.Operator when token.Text == "{":
                return MappingOf(token.Position);
            default:
                _at--;
                throw new TemplateFault(token.Kind == TokenKind.Data ? "unexpected text" : $"unexpected '{token.Text}'");
        }
    }

    private Expression Parenthesised(int position)
    {
        if (TakeOperator(")"))
        {
            return new ItemsLiteral(position, SequenceKind.Tuple, []);
        }

        Expression inner = Tuple();
        ExpectOperator(")");
        return inner;
    }

    private List<Expression> List(string close)
    {
        List<Expression> items = [];
        while (!TakeOperator(close))
        {
            if (items.Count > 0)
            {
                ExpectOperator(",");
                if (TakeOperator(close))
                {
                    break;
                }
            }

            items.Add(Any());
        }

        return items;
    }

    private MappingLiteral MappingOf(int position)
    {
        List<(Expression, Expression)> pairs = [];
        while (!TakeOperator("}"))
        {
            if (pairs.Count > 0)
            {
                ExpectOperator(",");
                if (TakeOperator("}"))
                {
                    break;
                }
            }

            Expression key = Any();
            ExpectOperator(":");
            pairs.Add((key, Any()));
        }

        return new MappingLiteral(position, pairs);
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            int position = Position;
            if (TakeOperator("."))
            {
                Token name = Next();
                value = name.Kind switch
                {
                    TokenKind.Name => new AttributeOf(name.Position, value, name.Text),
                    TokenKind.Integer => new ItemOf(
                        name.Position,
                        value,
                        new Literal(position, Filters.ParseWhole(name.Text, 10) ?? 0L)
                    ),
                    _ => throw new TemplateFault("expected a name behind '.'"),
                };
            }
            else if (TakeOperator("["))
            {
                value = Subscript(position, value);
            }
            else if (IsOperator("("))
            {
                value = new Call(position, value, ArgumentsOf());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression Subscript(int position, Expression value)
    {
        Expression? start = IsOperator(":") ? null : Tuple();
        if (start is not null && TakeOperator("]"))
        {
            return new ItemOf(position, value, start);
        }

        ExpectOperator(":");
        Expression? stop = IsOperator(":") || IsOperator("]") ? null : Any();
        Expression? step = TakeOperator(":") && !IsOperator("]") ? Any() : null;
        ExpectOperator("]");
        return new SliceOf(position, value, start, stop, step);
    }

    private ArgumentList ArgumentsOf()
    {
        ArgumentList arguments = new();
        ExpectOperator("(");
        bool first = true;
        while (!TakeOperator(")"))
        {
            if (!first)
            {
                ExpectOperator(",");
                if (TakeOperator(")"))
                {
                    break;
                }
            }

            first = false;
            if (TakeOperator("*"))
            {
                arguments.Spread = Any();
            }
            else if (TakeOperator("**"))
            {
                arguments.SpreadNamed = Any();
            }
            else if (Current.Kind == TokenKind.Name && tokens[_at + 1] is { Kind: TokenKind.Operator, Text: "=" })
            {
                string name = Next().Text;
                _at++;
                arguments.Named.Add((name, Any()));
            }
            else
            {
                arguments.Positional.Add(
                    arguments.Named.Count == 0 ? Any() : throw new TemplateFault("a positional argument follows a named one")
                );
            }
        }

        return arguments;
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            int position = Position;
            if (TakeOperator("|"))
            {
                value = FilterChain(value);
            }
            else if (TakeWord("is"))
            {
                value = Test(position, value);
            }
            else if (IsOperator("("))
            {
                value = new Call(position, value, ArgumentsOf());
            }
            else
            {
                return value;
            }
        }
    }

    // Behind the first '|', or at the first name of a filter block.
    private Expression FilterChain(Expression value)
    {
        do
        {
            int position = Position;
            string name = ExpectName().Text;
            value = new FilterCall(position, value, name, IsOperator("(") ? ArgumentsOf() : ArgumentList.Empty);
        } while (TakeOperator("|"));
        return value;
    }

    private TestCall Test(int position, Expression value)
    {
        bool negated = TakeWord("not");
        string name = ExpectName().Text;
        ArgumentList arguments = ArgumentList.Empty;
        if (IsOperator("("))
        {
            arguments = ArgumentsOf();
        }
        else if (
            (
                Current.Kind is TokenKind.Name
                && Current.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not" or "recursive")
            )
            || Current.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float
            || IsOperator("[")
            || IsOperator("{")
        )
        {
            arguments = new ArgumentList();
            arguments.Positional.Add(Postfix(Primary()));
        }

        return new TestCall(position, value, name, arguments, negated);
    }
}
