using Microsoft.ML.OnnxRuntime;

namespace Tokenwright.Models.Runtime;

/// <summary>The shape of one forward: whatever has the same shape runs through the same binding.</summary>
/// <param name="Rows">Tokens fed (S).</param>
/// <param name="Columns">Columns of the bias (W): the last W rows of the cache after the forward, all others being visible.</param>
/// <param name="Scored">Rows that go through the LM head (R).</param>
/// <param name="Logits">Whether logits are written out.</param>
/// <param name="Hidden">Whether hidden states are.</param>
internal readonly record struct ForwardShape(int Rows, int Columns, int Scored, bool Logits, bool Hidden);

/// <summary>The inputs and outputs of a sequence's forwards. Tensors of every shape lie over the same memory.</summary>
internal sealed class ForwardBuffers
{
    public ForwardBuffers()
    {
        Before.Reserve(1);
        LastIndex.Reserve(1);
        Total.Reserve(1);
    }

    public PinnedBuffer<long> Ids { get; } = new();

    public PinnedBuffer<long> Positions { get; } = new();

    public PinnedBuffer<float> Bias { get; } = new();

    public PinnedBuffer<long> LogitRows { get; } = new();

    /// <summary>Rows of the cache before the bias's first column.</summary>
    public PinnedBuffer<long> Before { get; } = new();

    /// <summary>Index of the cache's last row after the forward.</summary>
    public PinnedBuffer<int> LastIndex { get; } = new();

    /// <summary>Rows in the cache after the forward.</summary>
    public PinnedBuffer<int> Total { get; } = new();

    public PinnedBuffer<float> Logits { get; } = new();

    public PinnedBuffer<long> ArgMax { get; } = new();

    public PinnedBuffer<float> Hidden { get; } = new();

    /// <summary>Makes room for a shape; says whether memory moved, which voids every binding.</summary>
    public bool Reserve(in ForwardShape shape, ModelInfo info)
    {
        bool moved = Ids.Reserve(shape.Rows);
        moved |= Positions.Reserve(shape.Rows);
        moved |= Bias.Reserve(shape.Rows * shape.Columns);
        moved |= LogitRows.Reserve(shape.Scored);
        moved |= ArgMax.Reserve(shape.Scored);
        if (shape.Logits)
        {
            moved |= Logits.Reserve(shape.Scored * info.VocabularySize);
        }

        if (shape.Hidden)
        {
            moved |= Hidden.Reserve(shape.Rows * info.HiddenSize);
        }

        return moved;
    }
}

/// <summary>One shape of forward, bound once: a step then rewrites memory in place and runs.</summary>
internal sealed class BoundForward : IDisposable
{
    private readonly List<OrtValue> _tensors = [];

    public BoundForward(in ForwardShape shape, OnnxCausalModel model, ForwardBuffers buffers, KvCache cache)
    {
        var facts = model.Graph.Manifest;
        var names = model.Graph.Names;
        Binding = model.CreateBinding();
        Input(names.InputIds, buffers.Ids.Tensor(1, shape.Rows));
        if (model.Masks is null)
        {
            Input("logit_rows", buffers.LogitRows.Tensor(shape.Scored));
            Input("seqlens_k", buffers.LastIndex.Tensor(1));
            Input("total_sequence_length", buffers.Total.Tensor());
            if (facts.Options.Tree)
            {
                Input("position_ids", buffers.Positions.Tensor(1, shape.Rows));
                Input("tree_bias", buffers.Bias.Tensor(1, 1, shape.Rows, shape.Columns));
                Input("past_length", buffers.Before.Tensor(1));
            }
        }

        for (int layer = 0; layer < facts.Layers; layer++)
        {
            Binding.BindInput(names.PastKeys[layer], cache.Key(layer));
            Binding.BindInput(names.PastValues[layer], cache.Value(layer));
            Binding.BindOutput(names.PresentKeys[layer], cache.Key(layer));
            Binding.BindOutput(names.PresentValues[layer], cache.Value(layer));
        }

        if (shape.Logits)
        {
            Output(
                names.Logits,
                model.Masks is null
                    ? buffers.Logits.Tensor(shape.Scored, facts.VocabularySize)
                    : buffers.Logits.Tensor(1, shape.Scored, facts.VocabularySize)
            );
        }
        else
        {
            Output("arg_max", buffers.ArgMax.Tensor(shape.Scored));
        }

        if (shape.Hidden)
        {
            Output("hidden_states", buffers.Hidden.Tensor(shape.Rows, facts.HiddenSize));
        }
    }

    public OrtIoBinding Binding { get; }

    private void Input(string name, OrtValue tensor)
    {
        _tensors.Add(tensor);
        Binding.BindInput(name, tensor);
    }

    private void Output(string name, OrtValue tensor)
    {
        _tensors.Add(tensor);
        Binding.BindOutput(name, tensor);
    }

    public void Dispose()
    {
        Binding.Dispose();
        foreach (var tensor in _tensors)
        {
            tensor.Dispose();
        }
    }
}
