using System.Text;
using System.Text.Json;

namespace Tokenwright.Tests.Plugins.JsonSchema.Oracle;

/// <summary>
/// A list of documents in every spelling, documents with the same beginning sharing it. A place in it is the set of all readings of
/// the bytes so far; every reading goes on to some document, so bytes may come exactly when a reading is left.
/// </summary>
internal sealed class DocumentTrie
{
    private readonly Node _root = new();
    private readonly Dictionary<(char Kind, string Text), Spelling> _spellings = [];
    private readonly int _gap;

    /// <param name="documents">The documents, members in the order in which they are written.</param>
    /// <param name="gap">The most white space between two tokens of JSON.</param>
    public DocumentTrie(IEnumerable<JsonElement> documents, int gap)
    {
        _gap = gap;
        foreach (var document in documents)
            Value(_root, document).IsEnd = true;
    }

    /// <summary>Where every text begins.</summary>
    public Place Start => new([.. Closed([new(_root, null, 0)])]);

    /// <summary>All readings of some bytes.</summary>
    internal sealed class Place(Reading[] readings)
    {
        public Reading[] Readings => readings;

        /// <summary>Whether the bytes are a whole document.</summary>
        public bool IsEnd => Array.Exists(readings, r => r.Piece is null && r.Node.IsEnd);
    }

    /// <summary>Before a node's pieces, or inside the spelling of one that leads to the node.</summary>
    internal readonly record struct Reading(Node Node, Spelling? Piece, int State);

    internal sealed class Node
    {
        public Dictionary<Spelling, Node> Pieces { get; } = [];
        public bool IsEnd { get; set; }
    }

    /// <summary>The place after one more byte; null when no document goes on so.</summary>
    public static Place? Step(Place place, byte value)
    {
        var next = new List<Reading>();
        foreach (var (node, piece, state) in place.Readings)
        {
            if (piece is null)
            {
                foreach (var (first, after) in node.Pieces)
                    Enter(after, first, first.Next(0, value));
            }
            else
                Enter(node, piece, piece.Next(state, value));
        }
        return next.Count == 0 ? null : new Place([.. Closed(next)]);

        void Enter(Node node, Spelling piece, int state)
        {
            if (state >= 0)
                next.Add(new(node, piece, state));
        }
    }

    /// <summary>Adds the readings in which the piece has just ended, or white space is left out.</summary>
    private static List<Reading> Closed(List<Reading> readings)
    {
        var seen = new HashSet<Reading>(readings);
        var all = new List<Reading>(seen);
        for (var i = 0; i < all.Count; i++)
        {
            var (node, piece, state) = all[i];
            if (piece is not null && piece.IsEnd(state) && seen.Add(new(node, null, 0)))
                all.Add(new(node, null, 0));
            if (piece is not null)
                continue;
            foreach (var (first, after) in node.Pieces)
            {
                if (first.IsEnd(0) && seen.Add(new(after, null, 0)))
                    all.Add(new(after, null, 0));
            }
        }
        return all;
    }

    private Node Value(Node at, JsonElement value)
    {
        at = Gap(at);
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return Text(at, value.GetString()!, false);
            case JsonValueKind.Number:
                return Go(at, 'n', value.GetRawText());
            case JsonValueKind.Array:
                at = Go(at, 't', "[");
                var items = value.EnumerateArray().ToArray();
                for (var i = 0; i < items.Length; i++)
                    at = Value(i == 0 ? at : Go(Gap(at), 't', ","), items[i]);
                return Go(Gap(at), 't', "]");
            case JsonValueKind.Object:
                at = Go(at, 't', "{");
                var isFirst = true;
                foreach (var member in value.EnumerateObject())
                {
                    at = Text(Gap(isFirst ? at : Go(Gap(at), 't', ",")), member.Name, true);
                    at = Value(Go(Gap(at), 't', ":"), member.Value);
                    isFirst = false;
                }
                return Go(Gap(at), 't', "}");
            default:
                return Go(at, 't', value.GetRawText());
        }
    }

    private Node Text(Node at, string text, bool isKey)
    {
        at = Go(at, 't', "\"");
        foreach (var character in text.EnumerateRunes())
            at = Go(at, isKey ? 'k' : 'c', character.ToString());
        return Go(at, 't', "\"");
    }

    private Node Gap(Node at) => _gap == 0 ? at : Go(at, 'g', "");

    private Node Go(Node at, char kind, string text)
    {
        if (!_spellings.TryGetValue((kind, text), out var spelling))
        {
            spelling = kind switch
            {
                'g' => Spelling.Gap(_gap),
                'n' => Spelling.Number(text),
                't' => Spelling.OneOf([Encoding.UTF8.GetBytes(text)]),
                _ => Spelling.Character(Rune.GetRuneAt(text, 0), kind == 'k'),
            };
            _spellings.Add((kind, text), spelling);
        }
        if (!at.Pieces.TryGetValue(spelling, out var next))
            at.Pieces.Add(spelling, next = new Node());
        return next;
    }
}
