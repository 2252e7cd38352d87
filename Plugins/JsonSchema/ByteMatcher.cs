using Tokenwright.Plugins.JsonSchema.Machine;

namespace Tokenwright.Plugins.JsonSchema;

/// <summary>Follows a text byte by byte through a compiled schema; the exact machine that the token masks are held to.</summary>
public sealed class ByteMatcher
{
    private readonly Automaton _automaton;
    private List<Machine.Thread> _threads = [];
    private List<Machine.Thread> _next = [];

    /// <summary>Starts at the beginning of a document.</summary>
    public ByteMatcher(CompiledSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        _automaton = schema.Automaton;
        _threads.Add(schema.Start);
    }

    /// <summary>Whether the text so far is a whole document.</summary>
    public bool CanEnd
    {
        get
        {
            foreach (var thread in _threads)
            {
                if (Automaton.CanEnd(thread))
                    return true;
            }
            return false;
        }
    }

    /// <summary>Reads one byte, if it may come next; otherwise nothing changes.</summary>
    /// <exception cref="SchemaException">Reading took more work than the limit allows.</exception>
    public bool Push(byte value)
    {
        Automaton.Refuel();
        try
        {
            _automaton.Step(_threads, value, _next);
        }
        catch (Exception error) when (error is FuelException or InsufficientExecutionStackException)
        {
            throw new SchemaException("", "", error.Message);
        }
        if (_next.Count == 0)
            return false;
        (_threads, _next) = (_next, _threads);
        return true;
    }
}
