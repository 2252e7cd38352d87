using System.Globalization;
using System.Text.Json;
using Tokenwright.Conformance;
using static Tokenwright.Conformance.Texts;

namespace Tokenwright.Tests.Suite;

/// <summary>The vectors say what the code does, and the data alone is enough to hold a decoder to them.</summary>
public sealed class VectorTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "conformance-tests", "Suite", "Vectors");

    [Fact]
    public void The_files_are_what_the_code_says()
    {
        Check("laws.jsonl", VectorFiles.Lines(VectorFiles.Laws()));
        Check("picks.jsonl", VectorFiles.Lines(VectorFiles.Picks()));

        static void Check(string name, string lines)
        {
            string file = Path.Combine(Folder, name);
            if (Environment.GetEnvironmentVariable("TOKENWRIGHT_WRITE_DOCS") == "1")
            {
                File.WriteAllText(file, lines);
            }

            File.ReadAllText(file).Should().Be(lines, "TOKENWRIGHT_WRITE_DOCS=1 writes it anew");
        }
    }

    [Fact]
    public void Plain_decoding_has_the_laws_and_the_greedy_texts()
    {
        var vectors = VectorFiles.ReadLaws(File.ReadAllText(Path.Combine(Folder, "laws.jsonl"))).ToArray();
        vectors.Should().HaveCountGreaterThan(20);
        foreach (var vector in vectors)
        {
            var model = vector.Model();
            var law = LawOf(randomness =>
                Plain(model, vector.Prompt, vector.Count, randomness, VectorFiles.Processors(vector.Options))
            );
            if (vector.Tokens is { } tokens)
            {
                law.Probability([.. tokens]).Should().Be(1, vector.Id);
                continue;
            }

            law.Probabilities.Keys.Should().BeEquivalentTo(vector.Law!.Keys, vector.Id);
            foreach (var (output, probability) in vector.Law)
            {
                law.Probabilities[output].Should().BeApproximately(probability, vector.Tolerance!.Value, vector.Id);
            }
        }
    }

    [Fact]
    public void The_generator_makes_the_picks()
    {
        foreach (string line in File.ReadLines(Path.Combine(Folder, "picks.jsonl")))
        {
            var vector = JsonElement.Parse(line);
            float[] logits = [.. vector.GetProperty("logits").EnumerateArray().Select(logit => logit.GetSingle())];
            ulong seed = ulong.Parse(vector.GetProperty("seed").GetString()!, CultureInfo.InvariantCulture);
            var key = DrawKey.At(vector.GetProperty("sequence").GetInt32(), vector.GetProperty("position").GetInt32());

            new KeyedRandomness(seed).Pick(key, logits).Should().Be(vector.GetProperty("token").GetInt32());
        }
    }
}
