using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Tokenwright.Models.Builder;

namespace Tokenwright.Tests.Models;

/// <summary>The plainest loop that can run a built graph: one sequence, shared key/value buffers, everything copied to the host.</summary>
internal sealed class GraphRunner : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly float[][] _buffers;
    private readonly OrtValue[] _caches;
    private readonly bool _tree;

    public GraphRunner(BuiltGraph graph, int slots = 0)
    {
        Manifest = graph.Manifest;
        _tree = Manifest.Options.Tree;
        Slots = slots == 0 ? Math.Min(Manifest.ContextLength, 512) : slots;
        using SessionOptions options = new() { IntraOpNumThreads = 2 };
        _session = new InferenceSession(graph.Path, options);
        long[] shape = [1, Manifest.KeyValueHeads, Slots, Manifest.PaddedHeadSize];
        int length = (int)TensorPrimitives.Product<long>(shape);
        _buffers = [.. Enumerable.Range(0, 2 * Manifest.Layers).Select(_ => GC.AllocateArray<float>(length, pinned: true))];
        _caches = [.. _buffers.Select(buffer => OrtValue.CreateTensorValueFromMemory(buffer, shape))];
    }

    public ModelManifest Manifest { get; }

    public int Slots { get; }

    public int Length { get; set; }

    public IReadOnlyList<string> InputNames => _session.InputNames;

    public IReadOnlyList<string> OutputNames => _session.OutputNames;

    /// <summary>Every output of the last forward except the caches.</summary>
    public Dictionary<string, float[]> Floats { get; } = [];

    public Dictionary<string, long[]> Integers { get; } = [];

    // Runs ids after the committed ones, which stay as many as they are. In a tree a node's parent is a place among the ids, or
    // -1 for a child of the last committed token. All rows' logits if no rows are named.
    public float[][] Forward(int[] ids, int[]? parents = null, int[]? rows = null)
    {
        int count = ids.Length;
        rows ??= [.. Enumerable.Range(0, count)];
        List<(string Name, OrtValue Value)> inputs =
        [
            ("input_ids", Tensor([.. ids.Select(id => (long)id)], 1, count)),
            ("seqlens_k", Tensor(new[] { Length + count - 1 }, 1)),
            ("total_sequence_length", Tensor(new[] { Length + count })),
            ("logit_rows", Tensor([.. rows.Select(row => (long)row)], rows.Length)),
        ];
        if (_tree)
        {
            parents ??= [.. Enumerable.Range(-1, count)];
            long[] positions = new long[count];
            float[] bias = new float[count * count];
            Array.Fill(bias, float.MinValue);
            for (int node = 0; node < count; node++)
            {
                positions[node] = parents[node] < 0 ? Length : positions[parents[node]] + 1;
                for (int seen = node; seen >= 0; seen = parents[seen])
                {
                    bias[node * count + seen] = 0;
                }
            }

            inputs.Add(("position_ids", Tensor(positions, 1, count)));
            inputs.Add(("tree_bias", Tensor(bias, 1, 1, count, count)));
            inputs.Add(("past_length", Tensor(new[] { (long)Length }, 1)));
        }

        List<string> outputs = [.. _session.OutputNames.Where(name => !name.StartsWith("present", StringComparison.Ordinal))];
        using OrtIoBinding binding = _session.CreateIoBinding();
        foreach ((string name, OrtValue value) in inputs)
        {
            binding.BindInput(name, value);
        }

        for (int i = 0; i < _caches.Length; i++)
        {
            string name = $"{i / 2}.{(i % 2 == 0 ? "key" : "value")}";
            binding.BindInput("past_key_values." + name, _caches[i]);
            binding.BindOutput("present." + name, _caches[i]);
        }

        foreach (string name in outputs)
        {
            binding.BindOutputToDevice(name, OrtMemoryInfo.DefaultInstance);
        }

        using IDisposableReadOnlyCollection<OrtValue> results = _session.RunWithBoundResults(_run, binding);
        string[] names = binding.GetOutputNames();
        for (int i = 0; i < names.Length; i++)
        {
            if (outputs.Contains(names[i]))
            {
                Keep(names[i], results[i]);
            }
        }

        foreach ((_, OrtValue value) in inputs)
        {
            value.Dispose();
        }

        return [.. Floats["logits"].Chunk(Manifest.VocabularySize)];
    }

    /// <summary>Commits a prompt and then as many greedy tokens as asked for.</summary>
    public List<int> Greedy(int[] prompt, int count)
    {
        Length = 0;
        float[] row = Forward(prompt, rows: [prompt.Length - 1])[0];
        Length = prompt.Length;
        List<int> tokens = [TensorPrimitives.IndexOfMax(row)];
        while (tokens.Count < count)
        {
            row = Forward([tokens[^1]])[0];
            Length++;
            tokens.Add(TensorPrimitives.IndexOfMax(row));
        }

        return tokens;
    }

    /// <summary>Moves one slot of every cache, as accepting a branch does.</summary>
    public void MoveSlot(int from, int to)
    {
        int width = Manifest.PaddedHeadSize;
        foreach (float[] buffer in _buffers)
        {
            for (int head = 0; head < Manifest.KeyValueHeads; head++)
            {
                int start = head * Slots * width;
                buffer.AsSpan(start + from * width, width).CopyTo(buffer.AsSpan(start + to * width));
            }
        }
    }

    public void Dispose()
    {
        foreach (OrtValue cache in _caches)
        {
            cache.Dispose();
        }

        _run.Dispose();
        _session.Dispose();
    }

    private void Keep(string name, OrtValue value)
    {
        if (value.GetTensorTypeAndShape().ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float)
        {
            Floats[name] = value.GetTensorDataAsSpan<float>().ToArray();
        }
        else
        {
            Integers[name] = value.GetTensorDataAsSpan<long>().ToArray();
        }
    }

    private static OrtValue Tensor<T>(T[] values, params long[] shape)
        where T : unmanaged => OrtValue.CreateTensorValueFromMemory(values, shape);
}
