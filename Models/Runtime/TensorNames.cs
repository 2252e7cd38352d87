using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tokenwright.Models.Builder;
using Tokenwright.Models.GenAi;

namespace Tokenwright.Models.Runtime;

/// <summary>The names of a graph's inputs and outputs, made once.</summary>
internal sealed class TensorNames
{
    /// <summary>Those of a graph of our own.</summary>
    public TensorNames(int layers)
        : this(new GenAiInputs(), new GenAiOutputs(), layers) { }

    /// <summary>Those of a GenAI folder.</summary>
    public TensorNames(GenAiDecoder decoder)
        : this(decoder.Inputs, decoder.Outputs, decoder.NumHiddenLayers) { }

    private TensorNames(GenAiInputs inputs, GenAiOutputs outputs, int layers)
    {
        InputIds = inputs.InputIds;
        AttentionMask = inputs.AttentionMask;
        Logits = outputs.Logits;
        PastKeys = Layered(inputs.PastKeyNames, layers);
        PastValues = Layered(inputs.PastValueNames, layers);
        PresentKeys = Layered(outputs.PresentKeyNames, layers);
        PresentValues = Layered(outputs.PresentValueNames, layers);
    }

    public string InputIds { get; }

    public string AttentionMask { get; }

    public string Logits { get; }

    public string[] PastKeys { get; }

    public string[] PastValues { get; }

    public string[] PresentKeys { get; }

    public string[] PresentValues { get; }

    /// <summary>Checks a foreign graph against what a sequence binds, and says which rows have logits.</summary>
    /// <exception cref="InvalidOperationException">It has other inputs or outputs, types or shapes.</exception>
    public GraphContract CheckGenAi(InferenceSession session, BuiltGraph graph)
    {
        var facts = graph.Manifest;
        string[] inputs = [InputIds, AttentionMask, .. PastKeys, .. PastValues];
        if (session.InputMetadata.Keys.Except(inputs).FirstOrDefault() is { } other)
        {
            throw Fault($"has an input '{other}', which is not fed; fed are ids, mask and cache");
        }

        Check(session.InputMetadata, InputIds, TensorElementType.Int64, [-1, -1]);
        Check(session.InputMetadata, AttentionMask, TensorElementType.Int64, [-1, -1]);
        int[] cache = [-1, facts.KeyValueHeads, -1, facts.PaddedHeadSize];
        foreach (string name in PastKeys.Concat(PastValues))
        {
            Check(session.InputMetadata, name, TensorElementType.Float, cache);
        }

        foreach (string name in PresentKeys.Concat(PresentValues))
        {
            Check(session.OutputMetadata, name, TensorElementType.Float, cache);
        }

        Check(session.OutputMetadata, Logits, TensorElementType.Float, [-1, -1, facts.VocabularySize]);
        return session.OutputMetadata[Logits].Dimensions[1] == 1 ? GraphContract.GenAiLastRow : GraphContract.GenAi;

        void Check(IReadOnlyDictionary<string, NodeMetadata> values, string name, TensorElementType type, int[] shape)
        {
            if (!values.TryGetValue(name, out var value))
            {
                throw Fault($"has no '{name}'");
            }

            bool fits =
                value.IsTensor
                && value.Dimensions.Length == shape.Length
                && value.Dimensions.Zip(shape).All(pair => pair.First < 0 || pair.Second < 0 || pair.First == pair.Second);
            if (!fits || value.ElementDataType != type)
            {
                throw Fault(
                    $"has '{name}' as {value.ElementDataType} [{string.Join(", ", value.Dimensions)}] where {type} [{string.Join(", ", shape)}] is run (-1: any length)"
                );
            }
        }

        InvalidOperationException Fault(string what) =>
            new(
                $"{graph.Path} {what}. Export the model with float32 inputs and outputs for grouped-query attention on the CPU, or use its checkpoint."
            );
    }

    private static string[] Layered(string format, int layers) =>
        [
            .. Enumerable
                .Range(0, layers)
                .Select(i => format.Replace("%d", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)),
        ];
}
