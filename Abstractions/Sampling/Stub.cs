namespace Tokenwright;

#pragma warning disable CS1591
public static class TopK
{
    public static void Select(ReadOnlySpan<float> logits, Span<int> ids, Span<float> values)
    {
        var copy = logits.ToArray();
        var order = Enumerable.Range(0, copy.Length).OrderByDescending(i => copy[i]).ThenBy(i => i).Take(ids.Length).ToArray();
        order.CopyTo(ids);
        for (int i = 0; i < order.Length; i++)
            values[i] = copy[order[i]];
    }
}

public static class ArgMax
{
    public static int Of(ReadOnlySpan<float> logits) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits);
}

public static class LogSumExp
{
    public static double Of(ReadOnlySpan<float> logits)
    {
        double max = double.NegativeInfinity,
            sum = 0;
        foreach (float l in logits)
            max = Math.Max(max, l);
        if (!double.IsFinite(max))
            return max;
        foreach (float l in logits)
            sum += Math.Exp(l - max);
        return max + Math.Log(sum);
    }
}

public static class RandomnessExtensions
{
    public static int Pick(this IRandomness randomness, in DrawKey key, Distribution p) =>
        p.IsDense ? randomness.Pick(key, p.Logits) : randomness.Pick(key, p.Ids, p.Logits);
}
