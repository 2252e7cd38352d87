using Tokenwright.Models.Checkpoints;
using Tokenwright.Models.Onnx;

namespace Tokenwright.Models.Builder;

/// <summary>
/// The blocks that decoders are made of, over one checkpoint and one graph. It owns the graph's contract (the names and shapes
/// of inputs and outputs), so an architecture only says which blocks follow which.
/// </summary>
/// <remarks>
/// Symbols: S tokens in this forward, R rows whose logits are wanted, M slots of the key/value buffers, T = past + S.
/// Projections of one value share a MatMul over stacked weights (query, key and value; gate and up). On a Llama shape of 11 M
/// parameters, at 1, 4, 16 and 512 rows, neither this nor the LM head's form (a Gemm over the table as it is, or a MatMul over a
/// turned-over copy) made a difference beyond the noise of a busy two-core machine; so the graph has fewer nodes, and tied
/// embeddings are stored once.
/// </remarks>
public sealed class DecoderGraph
{
    private readonly ITensorSource _tensors;
    private readonly HashSet<string> _used = [];
    private readonly OnnxDimension _batch = 1;
    private readonly BlockFormat? _format;
    private readonly OnnxValue _inputIds;
    private readonly OnnxValue _logitRows;
    private readonly OnnxValue _positions;
    private readonly OnnxValue _bias;
    private readonly OnnxValue _lastKey;
    private readonly OnnxValue _totalLength;
    private readonly int _heads;
    private readonly int _keyValueHeads;
    private readonly int _headSize;

    internal DecoderGraph(CheckpointConfig config, ITensorSource tensors, GraphOptions options, string version)
    {
        Config = config;
        _tensors = tensors;
        Options = options;
        ContextLength = options.ContextLength ?? config.ContextLength;
        if (ContextLength < 1 || ContextLength > config.ContextLength)
        {
            throw config.Fault(
                $"a context of {ContextLength} tokens was asked for; the model has {config.ContextLength}",
                $"Ask for 1 to {config.ContextLength}."
            );
        }

        if (options.TopK < 0 || options.TopK > config.VocabularySize)
        {
            throw config.Fault(
                $"the {options.TopK} best tokens were asked for; the vocabulary has {config.VocabularySize}",
                $"Ask for 0 to {config.VocabularySize}."
            );
        }

        if (options.BlockSize is not (16 or 32 or 64 or 128 or 256))
        {
            throw config.Fault(
                $"blocks of {options.BlockSize} weights were asked for; ONNX Runtime multiplies blocks of 16, 32, 64, 128 or 256",
                "Ask for one of these; 32 is usual."
            );
        }

        if (options.AccuracyLevel is < 0 or > 4)
        {
            throw config.Fault(
                $"accuracy level {options.AccuracyLevel} was asked for; ONNX Runtime has the levels 0 to 4",
                "Ask for one of these; 4 is usual."
            );
        }

        _format = options.Precision switch
        {
            WeightPrecision.Float32 => null,
            WeightPrecision.Int8 => new BlockFormat(8, options.BlockSize),
            WeightPrecision.Int4 => new BlockFormat(4, options.BlockSize),
            _ => throw config.Fault($"weights of precision {options.Precision} were asked for", "Ask for Float32, Int8 or Int4."),
        };

        _heads = config.Heads;
        _keyValueHeads = config.KeyValueHeads;
        _headSize = config.HeadSize;
        // The attention kernel turns heads in steps of 16 elements.
        PaddedHeadSize = (_headSize + 15) / 16 * 16;

        Graph = new OnnxGraph(config.Architecture, version);
        if (options.Contract != GraphContract.Tokenwright)
        {
            if (options.Tree || options.HiddenStates || options.ArgMax || options.TopK > 0)
            {
                throw new ArgumentException(
                    $"A graph of the contract {options.Contract} has nothing but logits.",
                    nameof(options)
                );
            }

            _batch = "batch_size";
            _inputIds = Graph.Input("input_ids", ElementType.Int64, _batch, "sequence_length");
            OnnxValue mask = Graph.Input("attention_mask", ElementType.Int64, _batch, "total_sequence_length");
            OnnxValue lengths = Graph.ReduceSum(mask, Graph.Constant("mask_axis", 1));
            _lastKey = Graph.Cast(Graph.Sub(lengths, Graph.Constant("one", 1)), ElementType.Int32);
            _totalLength = Graph.Cast(Graph.LengthOf(mask, 1), ElementType.Int32);
            if (options.Contract == GraphContract.GenAiLastRow)
            {
                _logitRows = Graph.Constant("last_row", -1);
            }

            return;
        }

        _inputIds = Graph.Input("input_ids", ElementType.Int64, 1, "sequence_length");
        _lastKey = Graph.Input("seqlens_k", ElementType.Int32, 1);
        _totalLength = Graph.Input("total_sequence_length", ElementType.Int32);
        _logitRows = Graph.Input("logit_rows", ElementType.Int64, "rows");
        if (options.Tree)
        {
            _positions = Graph.Input("position_ids", ElementType.Int64, 1, "sequence_length");
            OnnxValue tree = Graph.Input("tree_bias", ElementType.Float, 1, 1, "sequence_length", "sequence_length");
            OnnxValue past = Graph.Input("past_length", ElementType.Int64, 1);
            // Everything committed is visible: zeros on the left widen [1, 1, S, S] to [1, 1, S, T].
            OnnxValue pads = Graph.Concat(
                [Graph.Constant("pads_before", 0, 0, 0), past, Graph.Constant("pads_after", 0, 0, 0, 0)],
                0
            );
            _bias = Graph.Pad(tree, pads);
        }
    }

    /// <summary>The checkpoint's configuration.</summary>
    public CheckpointConfig Config { get; }

    /// <summary>What was asked for.</summary>
    public GraphOptions Options { get; }

    /// <summary>The graph, for operators that have no block here.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>The longest context, in tokens.</summary>
    public int ContextLength { get; }

    /// <summary>The head size in the graph: a multiple of 16.</summary>
    public int PaddedHeadSize { get; }

    /// <summary>A weight of the checkpoint.</summary>
    /// <param name="name">Its name there.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <exception cref="CheckpointException">It is missing or has another shape.</exception>
    public Weight Load(string name, params long[] shape)
    {
        _used.Add(name);
        return Weight.Load(_tensors, name, shape);
    }

    /// <summary>The embeddings of the input ids, [1, S, hidden].</summary>
    /// <param name="table">The name of the table [vocabulary, hidden].</param>
    /// <remarks>
    /// A rounded table that is tied to the LM head is stored once, for both: GatherBlockQuantized reads the very bytes that MatMulNBits
    /// packs. For SmolLM2 a float32 table beside it would add 113 MB to a file of 127.
    /// </remarks>
    public OnnxValue Embed(string table)
    {
        Weight rows = Load(table, Config.VocabularySize, Config.HiddenSize);
        return _format is { } format && Config.HiddenSize % format.Size == 0
            ? Graph.Gather(Round(table, rows), _inputIds)
            : Graph.Gather(Graph.Weight(table, rows), _inputIds, 0);
    }

    /// <summary>Adds an update to the residual stream and normalises the sum.</summary>
    /// <param name="stream">The residual stream.</param>
    /// <param name="update">What to add; nothing if omitted.</param>
    /// <param name="weight">The norm's weight [hidden].</param>
    /// <param name="output">A name for the normalised value, if it needs one.</param>
    /// <returns>The normalised sum and the sum.</returns>
    public (OnnxValue Normed, OnnxValue Stream) AddNorm(OnnxValue stream, OnnxValue update, string weight, string? output = null)
    {
        OnnxValue gain = Graph.Weight(weight, Load(weight, Config.HiddenSize));
        return update.IsPresent
            ? Graph.AddRmsNorm(stream, update, gain, Config.NormEpsilon, output)
            : (Graph.RmsNorm(stream, gain, Config.NormEpsilon, output), stream);
    }

    /// <summary>A projection: value times weight, plus bias if there is one.</summary>
    /// <param name="value">[.., in].</param>
    /// <param name="name">The layer's name, used for the weight in the graph.</param>
    /// <param name="weight">[out, in], as checkpoints keep it.</param>
    /// <param name="bias">[out], or null.</param>
    /// <param name="robust">Whether it suffers little from 4 bits.</param>
    public OnnxValue Linear(OnnxValue value, string name, Weight weight, Weight? bias = null, bool robust = false)
    {
        OnnxValue product = _format is null
            ? Graph.MatMul(value, Graph.Weight(name + ".weight.transposed", weight.Transposed()))
            : Product(value, Round(name + ".weight", weight, robust));
        return bias is null ? product : Graph.Add(product, Graph.Weight(name + ".bias", bias));
    }

    /// <summary>Query, key and value in one projection, [1, S, (heads + 2 · kv heads) · padded head size].</summary>
    /// <param name="value">[1, S, hidden].</param>
    /// <param name="prefix">What stands before <c>q_proj</c>, <c>k_proj</c> and <c>v_proj</c>.</param>
    /// <param name="bias">Whether the three have biases.</param>
    public OnnxValue PackedQkv(OnnxValue value, string prefix, bool bias)
    {
        return Linear(
            value,
            prefix + "qkv_proj",
            Weight.Stack(Part("q_proj", _heads), Part("k_proj", _keyValueHeads), Part("v_proj", _keyValueHeads)),
            bias ? Weight.Stack(Bias("q_proj", _heads), Bias("k_proj", _keyValueHeads), Bias("v_proj", _keyValueHeads)) : null
        );

        Weight Part(string name, int heads) =>
            PadHeads(Load(prefix + name + ".weight", (long)heads * _headSize, Config.HiddenSize), heads);
        Weight Bias(string name, int heads) => PadHeads(Load(prefix + name + ".bias", (long)heads * _headSize), heads);
    }

    /// <summary>
    /// Causal grouped-query attention with rotary positions over the layer's shared key/value buffer, [1, S, heads · padded head size].
    /// </summary>
    /// <param name="layer">The layer's number.</param>
    /// <param name="query">The query, or query, key and value packed in one.</param>
    /// <param name="key">The key, omitted if packed.</param>
    /// <param name="value">The value, omitted if packed.</param>
    public OnnxValue Attention(int layer, OnnxValue query, OnnxValue key = default, OnnxValue value = default)
    {
        (Weight cosine, Weight sine) = RotaryTables.Tables(
            RotaryTables.Frequencies(Config.Rotary, _headSize),
            ContextLength,
            PaddedHeadSize / 2
        );
        OnnxDimension[] cache = [_batch, _keyValueHeads, "max_length", PaddedHeadSize];
        OnnxValue pastKey = Graph.Input($"past_key_values.{layer}.key", ElementType.Float, cache);
        OnnxValue pastValue = Graph.Input($"past_key_values.{layer}.value", ElementType.Float, cache);
        OnnxValue mixed = new($"attention.{layer}");
        OnnxValue presentKey = new($"present.{layer}.key");
        OnnxValue presentValue = new($"present.{layer}.value");
        Graph.Node(
            "GroupQueryAttention",
            [
                query,
                key,
                value,
                pastKey,
                pastValue,
                _lastKey,
                _totalLength,
                Graph.Weight("rotary.cosine", cosine),
                Graph.Weight("rotary.sine", sine),
                _positions,
                _bias,
            ],
            [mixed, presentKey, presentValue],
            [
                OnnxGraph.Attribute("num_heads", _heads),
                OnnxGraph.Attribute("kv_num_heads", _keyValueHeads),
                OnnxGraph.Attribute("do_rotary", 1),
                OnnxGraph.Attribute("rotary_interleaved", Config.RotaryInterleaved ? 1 : 0),
                // The kernel's default would be that of the padded head.
                OnnxGraph.Attribute("scale", (float)(1 / Math.Sqrt(_headSize))),
            ],
            OnnxGraph.Microsoft
        );
        Graph.Output(presentKey, ElementType.Float, cache);
        Graph.Output(presentValue, ElementType.Float, cache);
        return mixed;
    }

    /// <summary>The projection behind attention, back to [1, S, hidden].</summary>
    /// <param name="mixed">The result of <see cref="Attention"/>.</param>
    /// <param name="name">The layer's name, for example <c>model.layers.0.self_attn.o_proj</c>.</param>
    /// <param name="bias">Whether it has a bias.</param>
    public OnnxValue AttentionOutput(OnnxValue mixed, string name, bool bias)
    {
        Weight weight = Load(name + ".weight", Config.HiddenSize, (long)_heads * _headSize);
        return Linear(
            mixed,
            name,
            PaddedHeadSize == _headSize ? weight : weight.PlaceColumns(HeadPlaces(_heads), _heads * PaddedHeadSize),
            bias ? Load(name + ".bias", Config.HiddenSize) : null
        );
    }

    /// <summary>down(silu(gate(x)) · up(x)), gate and up in one projection.</summary>
    /// <param name="value">[1, S, hidden].</param>
    /// <param name="prefix">What stands before <c>gate_proj</c>, <c>up_proj</c> and <c>down_proj</c>.</param>
    /// <param name="width">The width between.</param>
    /// <param name="bias">Whether the three have biases.</param>
    public OnnxValue GatedMlp(OnnxValue value, string prefix, int width, bool bias)
    {
        (OnnxValue gate, OnnxValue up) = Graph.SplitInHalf(
            Linear(
                value,
                prefix + "gate_up_proj",
                Weight.Stack(Part("gate_proj"), Part("up_proj")),
                bias ? Weight.Stack(Load(prefix + "gate_proj.bias", width), Load(prefix + "up_proj.bias", width)) : null,
                robust: true
            )
        );
        return Linear(
            Graph.Mul(Graph.Silu(gate), up),
            prefix + "down_proj",
            Load(prefix + "down_proj.weight", Config.HiddenSize, width),
            bias ? Load(prefix + "down_proj.bias", Config.HiddenSize) : null
        );

        Weight Part(string name) => Load(prefix + name + ".weight", width, Config.HiddenSize);
    }

    /// <summary>The end of the network: final norm, LM head over the wanted rows, and every output that was asked for.</summary>
    /// <param name="stream">The residual stream [1, S, hidden].</param>
    /// <param name="update">The last layer's update to it.</param>
    /// <param name="norm">The final norm's weight.</param>
    /// <param name="head">The LM head [vocabulary, hidden]; the embedding table if they are tied.</param>
    public void Logits(OnnxValue stream, OnnxValue update, string norm, string head)
    {
        OnnxValue flat = Graph.Constant("flat_hidden", -1, Config.HiddenSize);
        OnnxValue rows;
        if (Options.HiddenStates)
        {
            OnnxValue hidden = Graph.Reshape(AddNorm(stream, update, norm).Normed, flat, "hidden_states");
            Graph.Output(hidden, ElementType.Float, "sequence_length", Config.HiddenSize);
            rows = Graph.Gather(hidden, _logitRows, 0);
        }
        else if (Options.Contract == GraphContract.GenAi)
        {
            rows = Graph.Reshape(AddNorm(stream, update, norm).Normed, flat);
        }
        else
        {
            // Rows that nobody asks for need no norm either.
            OnnxValue wanted = Graph.Gather(stream, _logitRows, 1);
            rows = Graph.Reshape(AddNorm(wanted, Graph.Gather(update, _logitRows, 1), norm).Normed, flat);
        }

        Weight table = Load(head, Config.VocabularySize, Config.HiddenSize);
        string name = Options.Contract == GraphContract.Tokenwright ? "logits" : "logits_flat";
        Logits(
            _format is null
                ? Graph.MatMulTransposed(rows, Graph.Weight(head, table), name)
                : Graph.MatMulNBits(rows, Round(head, table), Options.AccuracyLevel, name)
        );
    }

    /// <summary>Makes logits [R, vocabulary] an output in the contract's shape, with the others that follow from them.</summary>
    /// <param name="logits">A value named <c>logits</c>; with another contract than our own any other name.</param>
    public void Logits(OnnxValue logits)
    {
        if (Options.Contract != GraphContract.Tokenwright)
        {
            bool isLast = Options.Contract == GraphContract.GenAiLastRow;
            OnnxValue shape = isLast
                ? Graph.Constant("logits_shape", -1, 1, Config.VocabularySize)
                : Graph.Concat([Graph.Shape(_inputIds), Graph.Constant("vocabulary_size", Config.VocabularySize)], 0);
            Graph.Output(
                Graph.Reshape(logits, shape, "logits"),
                ElementType.Float,
                _batch,
                isLast ? 1 : "sequence_length",
                Config.VocabularySize
            );
            return;
        }

        Graph.Output(logits, ElementType.Float, "rows", Config.VocabularySize);
        if (Options.ArgMax)
        {
            Graph.Output(Graph.ArgMax(logits, "arg_max"), ElementType.Int64, "rows");
        }

        if (Options.TopK > 0)
        {
            OnnxValue ids = new("top_k_ids");
            OnnxValue values = new("top_k_logits");
            Graph.TopK(logits, Graph.Constant("top_k", Options.TopK), values, ids);
            Graph.Output(ids, ElementType.Int64, "rows", Options.TopK);
            Graph.Output(values, ElementType.Float, "rows", Options.TopK);
        }
    }

    /// <summary>The tensors of the checkpoint that no block has used.</summary>
    internal IEnumerable<string> Unused => _tensors.Names.Where(name => !_used.Contains(name));

    // A matrix that the checkpoint has in just such blocks loses next to nothing. Of the others those have 4 bits that suffer little from them,
    // and offsets where these take most of the loss away.
    private QuantisedWeight Round(string name, Weight weight, bool robust = false)
    {
        BlockFormat format = _format!.Value;
        QuantisedWeight rounded = As(format);
        if (format.Bits == 8 || rounded.LosesLittle())
        {
            return rounded;
        }

        if (!robust)
        {
            return As(new BlockFormat(8, Widest(weight.Width, format.Size)));
        }

        BlockFormat ownZeros = format with { OwnZeros = true };
        QuantisedWeight shifted = As(ownZeros with { Offsets = true });
        return weight.Width % format.Size == 0 && shifted.LosesLittle() ? shifted : As(ownZeros);

        QuantisedWeight As(BlockFormat blocks) => new(name, weight, blocks);
    }

    // What offsets are multiplied by are the sums of the blocks, behind the value itself.
    private OnnxValue Product(OnnxValue value, QuantisedWeight weight)
    {
        if (weight.Format.Offsets)
        {
            OnnxValue blocks = Graph.Reshape(
                value,
                Graph.Constant($"blocks_of_{weight.Format.Size}", 0, 0, -1, weight.Format.Size)
            );
            value = Graph.Concat([value, Graph.ReduceSum(blocks, Graph.Constant("within_block", -1))], -1);
        }

        return Graph.MatMulNBits(value, weight, Options.AccuracyLevel);
    }

    // With 8 bits a scale serves more weights, as long as a row is whole blocks.
    private static int Widest(int width, int size) =>
        new[] { 128, 64 }.FirstOrDefault(wide => wide > size && width % wide == 0, size);

    // Zeros in place of the missing elements of each head. Rotary positions turn pairs of elements, so both elements of a pair
    // must land on two that the kernel pairs: neighbours stay neighbours, and halves go to the beginnings of the wider halves.
    private int[] HeadPlaces(int heads)
    {
        int half = _headSize / 2;
        int[] places = new int[heads * _headSize];
        for (int i = 0; i < places.Length; i++)
        {
            int element = i % _headSize;
            bool moved = !Config.RotaryInterleaved && element >= half;
            places[i] = i / _headSize * PaddedHeadSize + (moved ? element - half + PaddedHeadSize / 2 : element);
        }

        return places;
    }

    private Weight PadHeads(Weight weight, int heads) =>
        PaddedHeadSize == _headSize ? weight : weight.PlaceRows(HeadPlaces(heads), heads * PaddedHeadSize);
}
