using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Onnx;

namespace Tokenwright.Models.Builder;

/// <summary>Cosines and sines of rotary positions, computed in double precision.</summary>
public static class RotaryTables
{
    /// <summary>The angle per position of each pair of elements.</summary>
    /// <param name="rotary">Base and scaling. Source of llama3: the Llama 3.1 release, as in transformers' modeling_rope_utils.</param>
    /// <param name="headSize">The head size in the checkpoint.</param>
    /// <returns>headSize / 2 frequencies in radians.</returns>
    public static double[] Frequencies(RotaryScaling rotary, int headSize)
    {
        double[] frequencies = new double[headSize / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            double frequency = Math.Pow(rotary.Theta, -2.0 * i / headSize);
            frequencies[i] = rotary.Kind switch
            {
                "linear" => frequency / rotary.Factor,
                "llama3" => Llama3(frequency, rotary),
                "factors" => frequency / rotary.Factors[i],
                _ => frequency,
            };
        }

        return frequencies;
    }

    /// <summary>The two tables [context, pairs]. Pairs beyond the frequencies do not turn: cosine 1, sine 0.</summary>
    /// <param name="frequencies">Radians per position.</param>
    /// <param name="context">The number of positions.</param>
    /// <param name="pairs">The width of the tables, at least as many as there are frequencies.</param>
    public static (Weight Cosine, Weight Sine) Tables(double[] frequencies, int context, int pairs)
    {
        return (Table(Math.Cos, 1), Table(Math.Sin, 0));

        Weight Table(Func<double, double> function, float still) =>
            new(
                [context, pairs],
                destination =>
                {
                    destination.Fill(still);
                    for (int position = 0; position < context; position++)
                    {
                        for (int i = 0; i < frequencies.Length; i++)
                        {
                            destination[position * pairs + i] = (float)function(position * frequencies[i]);
                        }
                    }
                }
            );
    }

    private static double Llama3(double frequency, RotaryScaling rotary)
    {
        double turns = rotary.OriginalContext * frequency / (2 * Math.PI);
        double smooth = (turns - rotary.LowFrequencyFactor) / (rotary.HighFrequencyFactor - rotary.LowFrequencyFactor);
        smooth = Math.Clamp(smooth, 0, 1);
        return (1 - smooth) * frequency / rotary.Factor + smooth * frequency;
    }
}
