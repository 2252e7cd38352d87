namespace Tokenwright.Benchmarks;

public enum RowShape
{
    /// <summary>Normal with a deviation of 3 and ten tokens that stand out.</summary>
    Real,

    /// <summary>All logits equal.</summary>
    Flat,

    /// <summary>Rising with the id: the worst order for a scan that keeps the best so far.</summary>
    Rising,
}

/// <summary>Made-up rows of logits, the same in every run.</summary>
public static class Rows
{
    public static float[] Make(RowShape shape, int length)
    {
        var random = new Random(1);
        var row = new float[length];
        for (var i = 0; i < length; i++)
        {
            row[i] = shape switch
            {
                RowShape.Real => 3 * Normal(random),
                RowShape.Rising => 20f * i / length,
                _ => 1.5f,
            };
        }
        for (var i = 0; shape == RowShape.Real && i < 10; i++)
        {
            row[random.Next(length)] = 12 + 6 * random.NextSingle();
        }
        return row;
    }

    private static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
