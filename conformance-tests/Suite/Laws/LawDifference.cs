using System.Globalization;

namespace Tokenwright.Conformance;

/// <summary>Where two laws part first: after the shortest output, the next token has other probabilities.</summary>
/// <param name="Prefix">The output tokens before it.</param>
/// <param name="Expected">The probabilities of the next token, by token, under the first law; −1 is the end of the text.</param>
/// <param name="Observed">Those under the second.</param>
public sealed record LawDifference(
    IReadOnlyList<int> Prefix,
    IReadOnlyDictionary<int, double> Expected,
    IReadOnlyDictionary<int, double> Observed
)
{
    /// <summary>The greatest difference after the shortest prefix; null where the laws are the same.</summary>
    /// <param name="expected">The law that ought to be.</param>
    /// <param name="observed">The law that is.</param>
    /// <param name="tolerance">A total variation that is no difference.</param>
    public static LawDifference? Find(Law expected, Law observed, double tolerance)
    {
        if (expected.TotalVariation(observed) <= tolerance)
        {
            return null;
        }

        var ought = Nodes(expected);
        var isso = Nodes(observed);
        LawDifference? greatest = null;
        double most = 0;
        foreach (var (key, next) in ought.OrderBy(node => node.Value.Depth))
        {
            if (greatest is not null && next.Depth > greatest.Prefix.Count)
            {
                break;
            }

            var other = isso.GetValueOrDefault(key, Node.Empty);
            double difference = next.Next.Keys.Union(other.Next.Keys).Sum(token => Math.Abs(next.Of(token) - other.Of(token)));
            // A single difference that is spread over many prefixes may be smaller than the tolerance at each.
            if (difference * next.Mass > Math.Max(most, tolerance / Math.Max(1, ought.Count)))
            {
                most = difference * next.Mass;
                int[] prefix = key.Length == 0 ? [] : [.. key.Split(' ').Select(int.Parse)];
                greatest = new LawDifference(prefix, next.Conditional(), other.Conditional());
            }
        }

        return greatest ?? new LawDifference([], Node.Empty.Conditional(), Node.Empty.Conditional());
    }

    /// <summary>Probabilities by token, as text.</summary>
    public static string Text(IReadOnlyDictionary<int, double> probabilities) =>
        "{"
        + string.Join(
            ", ",
            probabilities
                .OrderBy(one => one.Key)
                .Select(one =>
                    string.Create(CultureInfo.InvariantCulture, $"{(one.Key < 0 ? "end" : one.Key)}: {one.Value:0.000000}")
                )
        )
        + "}";

    private static Dictionary<string, Node> Nodes(Law law)
    {
        var nodes = new Dictionary<string, Node>();
        foreach (var (output, probability) in law.Probabilities)
        {
            string[] tokens = output.Length == 0 ? [] : output.Split(' ');
            for (int i = 0; i <= tokens.Length; i++)
            {
                string prefix = string.Join(' ', tokens[..i]);
                if (!nodes.TryGetValue(prefix, out var node))
                {
                    nodes.Add(prefix, node = new Node(i));
                }

                int next = i < tokens.Length ? int.Parse(tokens[i], CultureInfo.InvariantCulture) : -1;
                node.Next[next] = node.Of(next, 1) + probability;
            }
        }

        return nodes;
    }

    private sealed record Node(int Depth)
    {
        public static Node Empty { get; } = new(0);

        public Dictionary<int, double> Next { get; } = [];

        public double Mass => Next.Values.Sum();

        public double Of(int token) => Of(token, Mass);

        public double Of(int token, double of) => of > 0 ? Next.GetValueOrDefault(token) / of : 0;

        public Dictionary<int, double> Conditional() => Next.Keys.ToDictionary(token => token, Of);
    }
}
