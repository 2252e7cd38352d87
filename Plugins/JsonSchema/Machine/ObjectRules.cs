using System.Text;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>
/// The shapes that an object may have in some place, made ready for reading at once: they share a table of names, as sorted bytes.
/// Each is a <see cref="ObjectCase"/>.
/// </summary>
internal sealed class ObjectRules
{
    private readonly Members _none;
    private ObjectFrame? _lastFrame;

    public ObjectRules(Automaton automaton, ObjectShape[] shapes)
    {
        Automaton = automaton;
        var names = new HashSet<string>();
        foreach (var shape in shapes)
        {
            foreach (var (name, _) in shape.Properties)
                names.Add(name);
            names.UnionWith(shape.Required);
            foreach (var (trigger, needed) in shape.Dependencies)
            {
                names.Add(trigger);
                names.UnionWith(needed);
            }
        }
        var sorted = names.Select(n => (Text: n, Bytes: Encoding.UTF8.GetBytes(n))).ToArray();
        Array.Sort(sorted, (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes));
        NameTexts = [.. sorted.Select(s => s.Text)];
        Names = [.. sorted.Select(s => s.Bytes)];
        Index = new Dictionary<string, int>(NameTexts.Length);
        for (var i = 0; i < NameTexts.Length; i++)
            Index.Add(NameTexts[i], i);
        FirstKey = new KeyState(0, Names.Length, [], []);
        var unnamed = new List<(Layer[] Layers, UnnamedKeys Keys)>();
        Cases = [.. shapes.Select(shape => new ObjectCase(this, shape, Unnamed(shape.Layers)))];
        _none = new Members(this, new ulong[Names.Length / 64 + 1], 0, null, [.. Cases.Select((_, i) => new Way(i, 0, 0))]);

        UnnamedKeys Unnamed(Layer[] layers)
        {
            foreach (var (known, keys) in unnamed)
            {
                if (known.AsSpan().SequenceEqual(layers))
                    return keys;
            }
            var found = new UnnamedKeys(automaton.Canonicalizer, layers, NameTexts);
            unnamed.Add((layers, found));
            return found;
        }
    }

    public Automaton Automaton { get; }
    public ObjectCase[] Cases { get; }
    public byte[][] Names { get; }
    public string[] NameTexts { get; }

    /// <summary>The place of each name in the table.</summary>
    public Dictionary<string, int> Index { get; }

    /// <summary>Where every key begins.</summary>
    public KeyState FirstKey { get; }

    /// <summary>The object right after its opening brace.</summary>
    public ObjectFrame Begin(Frame? parent)
    {
        var known = _lastFrame;
        if (known is not null && ReferenceEquals(known.Parent, parent))
            return known;
        return _lastFrame = new ObjectFrame(parent, _none);
    }

    /// <summary>The object right after its opening brace, in no other.</summary>
    public ObjectFrame Alone() => new(null, _none);
}
