using System.Text;
using Tokenwright.Plugins.JsonSchema.Regular;
using Tokenwright.Plugins.JsonSchema.Schemas;

namespace Tokenwright.Plugins.JsonSchema.Machine;

/// <summary>
/// The shapes that an object may have in some place, made ready for reading at once: they share a table of names, as sorted bytes.
/// Each is a <see cref="ObjectCase"/>.
/// </summary>
internal sealed class ObjectRules
{
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
        HasEscapableNames = Array.Exists(Names, name => !StringDfa.IsPlainKey(name));
        Index = new Dictionary<string, int>(NameTexts.Length);
        for (var i = 0; i < NameTexts.Length; i++)
            Index.Add(NameTexts[i], i);
        FirstKey = new KeyState(0, Names.Length, [], 0, []);
        var unnamed = new List<(Layer[] Layers, UnnamedKeys Keys)>();
        NameOrder? order = null;
        string[] listed = [];
        Cases = [.. shapes.Select(shape => new ObjectCase(this, shape, Unnamed(shape.Layers), Order(shape.Order)))];
        None = new Members(this, new ulong[Names.Length / 64 + 1], 0, null, [.. Cases.Select((_, i) => new Way(i, 0, 0))]);

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

        // Shapes that come out of one schema one after another mostly list the same names.
        NameOrder Order(string[] names)
        {
            if (order is null || !listed.AsSpan().SequenceEqual(names))
                (order, listed) = (new NameOrder(names, Index), names);
            return order;
        }
    }

    public Automaton Automaton { get; }
    public ObjectCase[] Cases { get; }
    public byte[][] Names { get; }
    public string[] NameTexts { get; }

    /// <summary>Whether some name may be spelled with an escape.</summary>
    public bool HasEscapableNames { get; }

    /// <summary>The place of each name in the table.</summary>
    public Dictionary<string, int> Index { get; }

    /// <summary>No members yet.</summary>
    public Members None { get; }

    /// <summary>Whether any object of them can become yet another one by one more key.</summary>
    public bool IsOpen => Array.TrueForAll(Cases, shape => shape.IsOpen);

    /// <summary>Where every key begins.</summary>
    public KeyState FirstKey { get; }

    /// <summary>The object right after its opening brace.</summary>
    public ObjectFrame Begin(Frame? parent)
    {
        var known = _lastFrame;
        if (known is not null && ReferenceEquals(known.Parent, parent))
            return known;
        return _lastFrame = new ObjectFrame(parent, None);
    }

    /// <summary>The object right after its opening brace, where it must differ from some; null when it cannot.</summary>
    public ObjectFrame? Begin(Frame? parent, Taken? taken)
    {
        if (taken is null || IsOpen)
            return Begin(parent);
        return Completions.CanDiffer(None, taken) ? new ObjectFrame(parent, None) { Taken = taken } : null;
    }

    /// <summary>The object right after its opening brace, in no other.</summary>
    public ObjectFrame Alone() => new(null, None);
}
