using System.Text.Json;
using Tokenwright.Models.Chat.Jinja;

namespace Tokenwright.Models.Chat;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">Who speaks: <c>system</c>, <c>user</c>, <c>assistant</c> or what else the template knows.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>How much a template may do before it is stopped.</summary>
public sealed record ChatTemplateLimits
{
    /// <summary>The longest text, in UTF-16 units.</summary>
    public int MostCharacters { get; init; } = 16 << 20;

    /// <summary>Steps, and characters and elements made on the way; bounds time and memory.</summary>
    public long MostWork { get; init; } = 64 << 20;

    /// <summary>How deeply expressions, blocks, calls and values may nest.</summary>
    public int MostDepth { get; init; } = 1000;
}

/// <summary>
/// A model's chat template: the Jinja program that turns a conversation into the prompt the model was trained on, run as
/// transformers runs it (<c>trim_blocks</c>, <c>lstrip_blocks</c>, loop controls, an immutable sandbox, <c>tojson</c> without HTML
/// escapes, <c>raise_exception</c>, <c>strftime_now</c>, <c>generation</c> blocks).
/// </summary>
/// <remarks>Immutable; safe for concurrent use. Tags that load other templates are refused by name.</remarks>
public sealed class ChatTemplate
{
    private readonly string _source;
    private readonly string _origin;
    private readonly List<Statement> _body;
    private readonly ChatTemplateLimits _limits;

    private ChatTemplate(string source, string origin, List<Statement> body, ChatTemplateLimits limits)
    {
        _source = source;
        _origin = origin;
        _body = body;
        _limits = limits;
    }

    /// <summary>The clock behind <c>strftime_now</c>, whose local time is used.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Reads a template.</summary>
    /// <param name="source">The template's text.</param>
    /// <param name="origin">What error messages call it: a file, say.</param>
    /// <param name="limits">How much it may do; null for the defaults.</param>
    /// <param name="clock">The clock behind <c>strftime_now</c>; null for the system's.</param>
    /// <exception cref="ChatTemplateException">It is malformed, or uses a tag that is not supported.</exception>
    public static ChatTemplate Parse(
        string source,
        string origin = "chat template",
        ChatTemplateLimits? limits = null,
        TimeProvider? clock = null
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        limits ??= new ChatTemplateLimits();
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        source = source.EndsWith('\n') ? source[..^1] : source;
        Lexer lexer = new(source);
        Parser? parser = null;
        try
        {
            parser = new Parser(lexer.Run(), limits.MostDepth);
            return new ChatTemplate(source, origin, parser.Run(), limits) { Clock = clock ?? TimeProvider.System };
        }
        catch (TemplateFault fault)
        {
            throw Located(source, origin, fault, parser?.Position ?? lexer.Position);
        }
    }

    /// <summary>The prompt of a conversation.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the prompt ends with the beginning of an answer.</param>
    /// <param name="variables">Further variables, an object: <c>bos_token</c>, <c>tools</c> and what else the template reads.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, or fails.</exception>
    public string Render(IEnumerable<ChatMessage> messages, bool addGenerationPrompt = true, JsonElement? variables = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        Scope scope = new(Globals());
        // transformers always passes these two.
        scope.Set("tools", None.Value);
        scope.Set("documents", None.Value);
        SetAll(scope, variables);
        scope.Set(
            "messages",
            Sequence.List([.. messages.Select(message => new Mapping { ["role"] = message.Role, ["content"] = message.Content })])
        );
        scope.Set("add_generation_prompt", addGenerationPrompt);
        return Render(scope);
    }

    /// <summary>The template's text for any variables.</summary>
    /// <param name="variables">An object; each property is a variable, usually <c>messages</c> and <c>add_generation_prompt</c> among them.</param>
    /// <exception cref="ChatTemplateException">The template raises an error or fails.</exception>
    /// <exception cref="ArgumentException">The variables are not an object.</exception>
    public string Render(JsonElement variables)
    {
        Scope scope = new(Globals());
        SetAll(scope, variables);
        return Render(scope);
    }

    private static void SetAll(Scope scope, JsonElement? variables)
    {
        if (variables is not { } all)
        {
            return;
        }

        if (all.ValueKind != JsonValueKind.Object)
        {
            throw new ArgumentException("The variables of a template are a JSON object.", nameof(variables));
        }

        foreach (JsonProperty property in all.EnumerateObject())
        {
            scope.Set(property.Name, Json.Read(property.Value));
        }
    }

    private string Render(Scope scope)
    {
        Interpreter interpreter = new(_limits, new Scope(scope));
        try
        {
            Statement.ExecuteAll(interpreter, _body);
            return interpreter.Output.ToString();
        }
        catch (TemplateFault fault)
        {
            throw Located(_source, _origin, fault, interpreter.Position);
        }
    }

    private Scope Globals()
    {
        Scope scope = new(null);
        Add("raise_exception", (interpreter, arguments) => throw new RaisedFault(interpreter.Str(One(arguments, "message"))));
        Add("strftime_now", (_, arguments) => Formats.Date(Clock.GetLocalNow(), Types.String(One(arguments, "format"))));
        Add("range", (interpreter, arguments) => Functions.Range(interpreter, arguments));
        Add("dict", (_, arguments) => Functions.Dict(arguments));
        Add("namespace", (_, arguments) => Functions.Namespace(arguments));
        return scope;

        void Add(string name, Func<Interpreter, Arguments, object> call) => scope.Set(name, new Callable(name, call));
        static object One(Arguments arguments, string name) =>
            arguments.Bind("the function", name)[0] ?? throw new TemplateFault($"an argument '{name}' is missing");
    }

    private static ChatTemplateException Located(string source, string origin, TemplateFault fault, int position)
    {
        ReadOnlySpan<char> before = source.AsSpan(0, Math.Min(position, source.Length));
        int line = before.Count('\n') + 1;
        int column = before.Length - before.LastIndexOf('\n');
        return new ChatTemplateException(origin, fault.Message, line, column, fault is RaisedFault, fault);
    }
}
