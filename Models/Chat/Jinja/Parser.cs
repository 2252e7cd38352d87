using System.Runtime.CompilerServices;

namespace Tokenwright.Models.Chat.Jinja;

/// <summary>Jinja's grammar, by recursive descent: here its statements.</summary>
internal sealed partial class Parser(List<Token> tokens, int mostDepth)
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
