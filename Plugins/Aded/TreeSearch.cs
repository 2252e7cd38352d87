namespace Tokenwright.Plugins.Aded;

/// <summary>The published Monte-Carlo tree search: what it visits most is drafted.</summary>
/// <remarks>
/// Its rollouts draw from a generator seeded with the text, so a draft is a function of the past. <paramref name="paperCompat"/> adds, as
/// the published code does, the weight of a pair's second token instead of the third one's.
/// </remarks>
internal sealed class TreeSearch(bool paperCompat)
{
    private const int Length = 4;
    private const int Iterations = 150;
    private const int Sentences = 24;
    private const double C1 = 32;
    private const double C2 = 8;
    private const int MostNodes = 1 + Iterations * TrigramStore.RowLimit;

    private readonly Node[] _nodes = new Node[MostNodes];
    private readonly int[] _path = new int[Length + 1];
    private readonly int[] _best = new int[Sentences];
    private readonly int[] _costs = new int[Sentences];
    private int _count;
    private ulong _state;

    public void Fill(DraftTree tree, TrigramStore store, ReadOnlySpan<int> text, int choices)
    {
        int before = text[^2];
        _state = (ulong)text.Length * 0x9E3779B97F4A7C15 ^ TrigramBase.Key(before, text[^1]);
        _count = 1;
        _nodes[0] = new Node { Token = text[^1], Parent = -1, Length = 1 };
        if (store.Row(before, text[^1]).IsEmpty)
        {
            return;
        }

        for (int i = 0; i < Iterations; i++)
        {
            int node = Descend();
            node = Expand(store, before, node);
            double score = Rollout(store, before, node);
            for (; node >= 0; node = _nodes[node].Parent)
            {
                _nodes[node].Visits++;
                _nodes[node].Sum += score;
            }
        }

        AddSentences(tree, store, before, choices);
    }

    private int Descend()
    {
        int node = 0;
        while (_nodes[node].Children > 0 && _nodes[node].Length < Length)
        {
            int best = -1;
            double bestValue = double.NegativeInfinity;
            double visits = _nodes[node].Visits;
            double scale = (C1 + Math.Log((visits + C2 + 1) / C2)) * Math.Sqrt(visits);
            for (int child = _nodes[node].First; child < _nodes[node].First + _nodes[node].Children; child++)
            {
                ref var c = ref _nodes[child];
                double value = c.Visits == 0 ? double.PositiveInfinity : c.Sum / c.Visits + scale * c.Weight / (1 + c.Visits);
                if (value > bestValue)
                {
                    (best, bestValue) = (child, value);
                }
            }

            node = best;
        }

        return node;
    }

    private int Expand(TrigramStore store, int before, int node)
    {
        if (_nodes[node].Length == Length)
        {
            return node;
        }

        var row = store.Row(Before(before, node), _nodes[node].Token);
        if (row.IsEmpty)
        {
            return node;
        }

        _nodes[node].First = _count;
        _nodes[node].Children = row.Length;
        foreach (var successor in row)
        {
            _nodes[_count++] = new Node
            {
                Token = successor.Token,
                Weight = successor.Weight,
                Parent = node,
                Length = _nodes[node].Length + 1,
            };
        }

        return _count - 1;
    }

    private double Rollout(TrigramStore store, int before, int node)
    {
        int length = Path(node);
        for (; length < Length; length++)
        {
            var row = store.Row(length == 1 ? before : _path[length - 2], _path[length - 1]);
            if (row.IsEmpty)
            {
                break;
            }

            _path[length] = Sample(row);
        }

        double score = 1;
        for (int i = 1; i < length; i++)
        {
            int first = i == 1 ? before : _path[i - 2];
            score += store.Weight(first, _path[i - 1], _path[paperCompat ? i - 1 : i]);
        }

        return score;
    }

    private int Sample(ReadOnlySpan<Successor> row)
    {
        float total = 0;
        foreach (var successor in row)
        {
            total += successor.Weight;
        }

        // SplitMix64 (Steele et al., 2014).
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        double left = (z >> 11) * (1.0 / (1UL << 53)) * total;
        foreach (var successor in row)
        {
            left -= successor.Weight;
            if (left < 0)
            {
                return successor.Token;
            }
        }

        return row[^1].Token;
    }

    // The paths of the nodes visited most, each followed by the likeliest further token, those with most different tokens left out first.
    private void AddSentences(DraftTree tree, TrigramStore store, int before, int choices)
    {
        int count = 0;
        for (int node = 0; node < _count; node++)
        {
            int at = count;
            while (at > 0 && _nodes[_best[at - 1]].Visits < _nodes[node].Visits)
            {
                at--;
            }

            if (at < Sentences)
            {
                count = Math.Min(count + 1, Sentences);
                for (int i = count - 1; i > at; i--)
                {
                    _best[i] = _best[i - 1];
                }

                _best[at] = node;
            }
        }

        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            int length = Extended(store, before, _best[i]);
            _costs[i] = 0;
            for (int j = 0; j < length; j++)
            {
                _costs[i] += _path.AsSpan(0, j).Contains(_path[j]) ? 0 : 1;
            }

            sum += _costs[i];
        }

        while (sum > choices)
        {
            int largest = 0;
            for (int i = 1; i < count; i++)
            {
                largest = _costs[i] >= _costs[largest] ? i : largest;
            }

            if (_costs[largest] == 0)
            {
                break;
            }

            sum -= _costs[largest];
            _costs[largest] = 0;
        }

        for (int wanted = 2; wanted <= Length + 1; wanted++)
        {
            for (int i = 0; i < count; i++)
            {
                if (_costs[i] > 0 && Extended(store, before, _best[i]) == wanted)
                {
                    Add(tree, store, before, wanted);
                }
            }
        }
    }

    private void Add(DraftTree tree, TrigramStore store, int before, int length)
    {
        int node = 0;
        for (int i = 1; i < length && tree.Depth(node) < tree.MaxDepth; i++)
        {
            int child = tree.Child(node, _path[i]);
            if (child < 0)
            {
                if (tree.Room == 0)
                {
                    return;
                }

                child = tree.Add(node, _path[i], tree.Score(node) + LogShare(store, i == 1 ? before : _path[i - 2], _path[i - 1], _path[i]));
            }

            node = child;
        }
    }

    private static float LogShare(TrigramStore store, int first, int second, int third)
    {
        float total = 0;
        float weight = 0;
        foreach (var successor in store.Row(first, second))
        {
            total += successor.Weight;
            weight = successor.Token == third ? successor.Weight : weight;
        }

        return MathF.Log(weight / total);
    }

    private int Extended(TrigramStore store, int before, int node)
    {
        int length = Path(node);
        if (length < 2)
        {
            return length;
        }

        var row = store.Row(_path[length - 2], _path[length - 1]);
        int best = -1;
        for (int i = 0; i < row.Length; i++)
        {
            best = best < 0 || row[i].Weight > row[best].Weight ? i : best;
        }

        if (best >= 0)
        {
            _path[length++] = row[best].Token;
        }

        return length;
    }

    private int Path(int node)
    {
        int length = _nodes[node].Length;
        for (int i = length - 1; i >= 0; i--, node = _nodes[node].Parent)
        {
            _path[i] = _nodes[node].Token;
        }

        return length;
    }

    private int Before(int before, int node) => node == 0 ? before : _nodes[_nodes[node].Parent].Token;

    private struct Node
    {
        public int Token;
        public float Weight;
        public int Parent;
        public int First;
        public int Children;
        public int Length;
        public int Visits;
        public double Sum;
    }
}
