using System.Globalization;
using System.Runtime.CompilerServices;

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>Jinja's grammar, by recursive descent.</summary>
internal sealed class Parser(List<Token> tokens, int mostDepth)
{
    private static readonly string[] Unsupported =
    [
        "extends",
        "block",
        "include",
        "import",
        "from",
        "autoescape",
        "trans",
        "do",
        "debug",
    ];
    private int _at;
    private int _depth;

    // Whether the macro that is being read names varargs or kwargs: only then it takes more than its parameters.
    private bool _takesMore;
    private bool _takesNamed;

    /// <summary>Where the parser is, for errors.</summary>
    public int Position => Current.Position;

    private Token Current => tokens[_at];

    public List<Statement> Run()
    {
        List<Statement> body = Body();
        return Current.Kind == TokenKind.End ? body : throw new TemplateFault($"unexpected '{tokens[_at + 1].Text}'");
    }

    // Statements up to the end or to a block that begins with one of these words; the block's word is then the current token.
    private List<Statement> Body(params ReadOnlySpan<string> ends)
    {
        Enter();
        List<Statement> body = [];
        while (Current.Kind != TokenKind.End)
        {
            Token token = Current;
            if (token.Kind == TokenKind.Data)
            {
                _at++;
                body.Add(new DataStatement(token.Text));
            }
            else if (token.Kind == TokenKind.VariableBegin)
            {
                _at++;
                body.Add(new PrintStatement(Tuple()));
                Expect(TokenKind.VariableEnd, "}}");
            }
            else
            {
                Token word = tokens[_at + 1];
                if (word.Kind == TokenKind.Name && ends.Contains(word.Text))
                {
                    _at++;
                    Leave();
                    return body;
                }

                _at++;
                body.Add(Block(word));
                Expect(TokenKind.BlockEnd, "%}");
            }
        }

        if (!ends.IsEmpty)
        {
            throw new TemplateFault($"the template ends where '{string.Join("' or '", ends)}' is needed");
        }

        Leave();
        return body;
    }

    private Statement Block(Token word)
    {
        if (word.Kind != TokenKind.Name)
        {
            throw new TemplateFault("a block begins with a name");
        }

        _at++;
        switch (word.Text)
        {
            case "if":
                return If();
            case "for":
                return For(word.Position);
            case "set":
                return Set();
            case "macro":
                return MacroBlock();
            case "call":
                return CallBlock();
            case "filter":
                return FilterBlock(word.Position);
            case "with":
                return With();
            case "generation":
                return new WithStatement([], Inner("endgeneration"));
            case "break":
                return new FlowStatement(Flow.Break);
            case "continue":
                return new FlowStatement(Flow.Continue);
            default:
                _at--;
                throw new TemplateFault(
                    Unsupported.Contains(word.Text)
                        ? $"the tag '{word.Text}' is not supported in chat templates"
                        : $"unknown tag '{word.Text}'"
                );
        }
    }

    // The rest of a block's tag, its body and its closing word.
    private List<Statement> Inner(string end)
    {
        Expect(TokenKind.BlockEnd, "%}");
        List<Statement> body = Body(end);
        _at++;
        return body;
    }

    private IfStatement If()
    {
        List<(Expression?, List<Statement>)> branches = [];
        Expression? test = Tuple(conditional: false);
        while (true)
        {
            Expect(TokenKind.BlockEnd, "%}");
            branches.Add((test, test is null ? Body("endif") : Body("elif", "else", "endif")));
            string word = Current.Text;
            _at++;
            if (word == "endif")
            {
                return new IfStatement(branches);
            }

            test = word == "elif" ? Tuple(conditional: false) : null;
        }
    }

    private ForStatement For(int position)
    {
        Expression target = Target();
        ExpectWord("in");
        Expression iterable = Tuple(conditional: false);
        Expression? filter = TakeWord("if") ? Any() : null;
        bool recursive = TakeWord("recursive");
        Expect(TokenKind.BlockEnd, "%}");
        List<Statement> body = Body("else", "endfor");
        List<Statement> otherwise = [];
        if (Current.Text == "else")
        {
            _at++;
            otherwise = Inner("endfor");
        }
        else
        {
            _at++;
        }

        return new ForStatement(position, target, iterable, filter, body, otherwise, recursive);
    }

    private SetStatement Set()
    {
        int position = Position;
        Expression target = Target(allowAttribute: true);
        if (TakeOperator("="))
        {
            return new SetStatement(target, Tuple());
        }

        Slot body = new(position);
        Expression value = TakeOperator("|") ? FilterChain(body) : body;
        body.Filled = new Captured(position, Inner("endset"));
        return new SetStatement(target, value);
    }

    private MacroStatement MacroBlock()
    {
        string name = ExpectName().Text;
        List<Parameter> parameters = Parameters();
        (bool outerMore, bool outerNamed) = (_takesMore, _takesNamed);
        (_takesMore, _takesNamed) = (false, false);
        List<Statement> body = Inner("endmacro");
        MacroStatement macro = new(name, parameters, body, _takesMore, _takesNamed);
        (_takesMore, _takesNamed) = (outerMore, outerNamed);
        return macro;
    }

    private CallStatement CallBlock()
    {
        List<Parameter> parameters = IsOperator("(") ? Parameters() : [];
        Call call = Any() as Call ?? throw new TemplateFault("expected a call");
        return new CallStatement(call, parameters, Inner("endcall"));
    }

    private PrintStatement FilterBlock(int position)
    {
        Slot body = new(position);
        Expression value = FilterChain(body);
        body.Filled = new Captured(position, Inner("endfilter"));
        return new PrintStatement(value);
    }

    private WithStatement With()
    {
        List<(Expression, Expression)> names = [];
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (names.Count > 0)
            {
                ExpectOperator(",");
            }

            Expression target = Target();
            ExpectOperator("=");
            names.Add((target, Any()));
        }

        return new WithStatement(names, Inner("endwith"));
    }

    private List<Parameter> Parameters()
    {
        List<Parameter> parameters = [];
        ExpectOperator("(");
        while (!TakeOperator(")"))
        {
            if (parameters.Count > 0)
            {
                ExpectOperator(",");
                if (TakeOperator(")"))
                {
                    break;
                }
            }

            string name = ExpectName().Text;
            Expression? otherwise = TakeOperator("=") ? Any() : null;
            if (otherwise is null && parameters is [.., { Default: not null }])
            {
                throw new TemplateFault("a parameter without a default follows one with a default");
            }

            parameters.Add(new Parameter(name, otherwise));
        }

        return parameters;
    }

    private Expression Target(bool allowAttribute = false)
    {
        int position = Position;
        bool closed = TakeOperator("(");
        List<Expression> names = [];
        bool tuple = false;
        do
        {
            if (tuple && Current.Kind is not TokenKind.Name)
            {
                break;
            }

            Token name = ExpectName();
            if (name.Text is "true" or "false" or "none" or "True" or "False" or "None")
            {
                throw new TemplateFault($"cannot assign to '{name.Text}'");
            }

            Expression target = new Name(name.Position, name.Text);
            if (allowAttribute && TakeOperator("."))
            {
                target = new AttributeOf(name.Position, target, ExpectName().Text);
            }

            names.Add(target);
        } while (TakeOperator(",") && (tuple = true));
        if (closed)
        {
            ExpectOperator(")");
        }

        return tuple ? new ItemsLiteral(position, SequenceKind.Tuple, names) : names[0];
    }

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

    // A filter block's chain is parsed before its body: the slot is where the body's text goes.
    private sealed class Slot(int position) : Expression(position)
    {
        public Expression? Filled { get; set; }

        protected override object Run(Interpreter interpreter) => Filled!.Evaluate(interpreter);
    }

    private Token Next()
    {
        Token token = Current;
        _at += token.Kind == TokenKind.End ? 0 : 1;
        return token;
    }

    private bool IsOperator(string text) => Current.Kind == TokenKind.Operator && Current.Text == text;

    private bool IsWord(string text) => Current.Kind == TokenKind.Name && Current.Text == text;

    private bool TakeOperator(string text)
    {
        bool there = IsOperator(text);
        _at += there ? 1 : 0;
        return there;
    }

    private bool TakeWord(string text)
    {
        bool there = IsWord(text);
        _at += there ? 1 : 0;
        return there;
    }

    private void ExpectOperator(string text)
    {
        if (!TakeOperator(text))
        {
            throw Unexpected(text);
        }
    }

    private void ExpectWord(string text)
    {
        if (!TakeWord(text))
        {
            throw Unexpected(text);
        }
    }

    private void Expect(TokenKind kind, string text)
    {
        if (Current.Kind != kind)
        {
            throw Unexpected(text);
        }

        _at++;
    }

    private Token ExpectName() => Current.Kind == TokenKind.Name ? Next() : throw Unexpected("a name");

    private TemplateFault Unexpected(string wanted) =>
        new($"expected {wanted}, got {(Current.Kind == TokenKind.End ? "the end of the template" : $"'{Current.Text}'")}");

    private void Enter()
    {
        if (++_depth > mostDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateFault($"the template nests more than {mostDepth} levels deep");
        }
    }

    private void Leave() => _depth--;
}
