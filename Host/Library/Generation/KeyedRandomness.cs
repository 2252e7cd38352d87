namespace Tokenwright.Host;

internal sealed class KeyedRandomness(ulong seed) : IRandomness
{
    private double Uniform(in DrawKey key, int id)
    {
        var (c1, c2, c3) = key.Words;
        return (Philox.Word((uint)id, (c1, c2, c3), ((uint)seed, (uint)(seed >> 32))) + 0.5) / 4294967296.0;
    }

    public int Pick(in DrawKey key, ReadOnlySpan<float> logits) => Pick(key, [], logits);

    public int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<float> logits)
    {
        int best = -1;
        double score = double.NegativeInfinity;
        for (int i = 0; i < logits.Length; i++)
        {
            int id = ids.IsEmpty ? i : ids[i];
            double s = logits[i] - Math.Log(-Math.Log(Uniform(key, id)));
            if (s > score)
            {
                (best, score) = (id, s);
            }
        }

        return best;
    }

    public int Pick(in DrawKey key, ReadOnlySpan<int> ids, ReadOnlySpan<double> weights)
    {
        float[] logits = [.. weights.ToArray().Select(w => (float)Math.Log(w))];
        return Pick(key, ids, logits);
    }

    public bool Flip(in DrawKey key, double probability) => Uniform(key, 0) < probability;
}
