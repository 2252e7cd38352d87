using Tokenwright.Plugins.JsonSchema.Machine;
using Thread = Tokenwright.Plugins.JsonSchema.Machine.Thread;

namespace Tokenwright.Plugins.JsonSchema.Spelling;

/// <summary>Where a writer of JSON puts white space, as far as the text has shown it.</summary>
/// <param name="Colon">Spaces after a colon.</param>
/// <param name="Comma">Spaces after a comma that ends no line.</param>
/// <param name="Members">By how many spaces members are indented, each on a line of its own; 0 where they share a line.</param>
/// <param name="Items">The same of items.</param>
internal readonly record struct Layout(byte Colon, byte Comma, byte Members, byte Items)
{
    /// <summary>One line, a space after colons and commas: what most programs write.</summary>
    public static Layout Usual { get; } = new(1, 1, 0, 0);

    /// <summary>The layout after one more byte that is no white space.</summary>
    /// <param name="before">Where the text stood before the byte.</param>
    /// <param name="value">The byte.</param>
    public Layout Learn(in Thread before, byte value) =>
        before.Phase switch
        {
            _ when Automaton.IsSpace(value) || before.Top is null => this,
            // Who writes no space after a colon writes none after a comma.
            Phase.Value => before.Gap == 0 ? this with { Colon = 0, Comma = 0 } : this with { Colon = 1 },
            Phase.FirstKey when value == '"' => this with { Members = Indent(before) },
            Phase.NextKey => before.Gap > 1
                ? this with
                {
                    Members = Indent(before),
                }
                : this with
                {
                    Members = 0,
                    Comma = before.Gap,
                },
            Phase.FirstItem when value != ']' => this with { Items = Indent(before) },
            Phase.NextItem => before.Gap > 1 ? this with { Items = Indent(before) } : this with { Items = 0, Comma = before.Gap },
            _ => this,
        };

    /// <summary>Adds the white space that is still to come before a byte.</summary>
    public void Space(in Thread thread, byte value, List<byte> into)
    {
        if (thread.Top is null)
            return;
        var isClosing = value is (byte)'}' or (byte)']';
        var indent = thread.Top is ObjectFrame ? Members : Items;
        var (isLine, spaces) = thread.Phase switch
        {
            Phase.Value => (false, Colon),
            Phase.NextKey or Phase.NextItem when indent == 0 => (false, Comma),
            Phase.FirstKey or Phase.FirstItem when isClosing => (false, 0),
            Phase.FirstKey or Phase.NextKey or Phase.FirstItem or Phase.NextItem => (indent > 0, Depth(thread.Top) * indent),
            Phase.AfterProperty or Phase.AfterItem when isClosing => (indent > 0, (Depth(thread.Top) - 1) * indent),
            _ => (false, 0),
        };
        for (var i = (int)thread.Gap; i < spaces + (isLine ? 1 : 0); i++)
            into.Add(isLine && i == 0 ? (byte)'\n' : (byte)' ');
    }

    private static byte Indent(in Thread thread) =>
        (byte)(thread.Gap > 1 ? Math.Max(1, (thread.Gap - 1) / Depth(thread.Top)) : 0);

    private static int Depth(Frame? frame)
    {
        var depth = 0;
        for (; frame is not null; frame = frame.Parent)
            depth++;
        return depth;
    }
}
