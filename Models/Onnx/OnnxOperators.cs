namespace Tokenwright.Models.Onnx;

/// <content>The operators that decoders are made of. Shapes are written as ONNX has them.</content>
public sealed partial class OnnxGraph
{
    /// <summary>Element-wise sum.</summary>
    public OnnxValue Add(OnnxValue left, OnnxValue right) => Node("Add", [left, right]);

    /// <summary>Element-wise difference.</summary>
    public OnnxValue Sub(OnnxValue left, OnnxValue right) => Node("Sub", [left, right]);

    /// <summary>Element-wise product.</summary>
    public OnnxValue Mul(OnnxValue left, OnnxValue right) => Node("Mul", [left, right]);

    /// <summary>Matrix product: [.., n, k] times [k, m].</summary>
    public OnnxValue MatMul(OnnxValue left, OnnxValue right) => Node("MatMul", [left, right]);

    /// <summary>Matrix product with a transposed right side: [n, k] times [m, k] turned over.</summary>
    public OnnxValue MatMulTransposed(OnnxValue left, OnnxValue right, string? output = null) =>
        Node("Gemm", [left, right], [Attribute("transB", 1)], output: output);

    /// <summary>Matrix product with a rounded, transposed right side: [.., n, k] times [m, k] turned over.</summary>
    /// <param name="left">The left side.</param>
    /// <param name="right">The right side.</param>
    /// <param name="accuracyLevel">How the left side is taken: 1 float32, 2 float16, 3 bfloat16, 4 int8 by the block; 0 whatever the kernel likes.</param>
    /// <param name="output">A name for the output.</param>
    public OnnxValue MatMulNBits(OnnxValue left, QuantisedWeight right, int accuracyLevel, string? output = null)
    {
        (OnnxValue codes, OnnxValue scales, OnnxValue zeros) = Weight(right);
        return Node(
            "MatMulNBits",
            [left, codes, scales, zeros],
            [
                Attribute("K", right.Size.Columns),
                Attribute("N", right.Size.Rows),
                Attribute("bits", right.Format.Bits),
                Attribute("block_size", right.Format.Size),
                Attribute("accuracy_level", accuracyLevel),
            ],
            Microsoft,
            output
        );
    }

    /// <summary>Rows of a rounded matrix whose rows are whole blocks.</summary>
    public OnnxValue Gather(QuantisedWeight data, OnnxValue indices)
    {
        (OnnxValue codes, OnnxValue scales, OnnxValue zeros) = Weight(data);
        OnnxValue rows = View(codes, data.Name + ".rows", data.Size.Rows, data.Blocks * data.Format.BlockBytes);
        return Node(
            "GatherBlockQuantized",
            [rows, indices, scales, zeros],
            [
                Attribute("gather_axis", 0),
                Attribute("quantize_axis", 1),
                Attribute("bits", data.Format.Bits),
                Attribute("block_size", data.Format.Size),
            ],
            Microsoft
        );
    }

    /// <summary>Slices of <paramref name="data"/> along an axis.</summary>
    public OnnxValue Gather(OnnxValue data, OnnxValue indices, int axis) =>
        Node("Gather", [data, indices], [Attribute("axis", axis)]);

    /// <summary>The same elements in another shape; -1 stands for the length that fits.</summary>
    public OnnxValue Reshape(OnnxValue data, OnnxValue shape, string? output = null) =>
        Node("Reshape", [data, shape], output: output);

    /// <summary>The lengths of all axes.</summary>
    public OnnxValue Shape(OnnxValue value) => Node("Shape", [value]);

    /// <summary>The length of one axis, [1].</summary>
    public OnnxValue LengthOf(OnnxValue value, int axis) =>
        Node("Shape", [value], [Attribute("start", axis), Attribute("end", axis + 1)]);

    /// <summary>The same elements as another type.</summary>
    public OnnxValue Cast(OnnxValue value, ElementType type) => Node("Cast", [value], [Attribute("to", (long)type)]);

    /// <summary>Sums along the given axes, which disappear.</summary>
    public OnnxValue ReduceSum(OnnxValue value, OnnxValue axes) => Node("ReduceSum", [value, axes], [Attribute("keepdims", 0)]);

    /// <summary>Values joined along an axis.</summary>
    public OnnxValue Concat(ReadOnlySpan<OnnxValue> values, int axis) => Node("Concat", values, [Attribute("axis", axis)]);

    /// <summary>Equal halves along the last axis.</summary>
    public (OnnxValue First, OnnxValue Second) SplitInHalf(OnnxValue value)
    {
        OnnxValue first = new(NewName("Split"));
        OnnxValue second = new(NewName("Split"));
        Node("Split", [value], [first, second], [Attribute("axis", -1), Attribute("num_outputs", 2)]);
        return (first, second);
    }

    /// <summary>Zeros around a value.</summary>
    /// <param name="value">The value, rank n.</param>
    /// <param name="pads">2n lengths: in front of each axis, then behind each.</param>
    public OnnxValue Pad(OnnxValue value, OnnxValue pads) => Node("Pad", [value, pads]);

    /// <summary>x · sigmoid(x).</summary>
    public OnnxValue Silu(OnnxValue value) => Node("QuickGelu", [value], [Attribute("alpha", 1f)], Microsoft);

    /// <summary>x / sqrt(mean(x²) + epsilon) · weight over the last axis.</summary>
    public OnnxValue RmsNorm(OnnxValue value, OnnxValue weight, float epsilon, string? output = null) =>
        Node(
            "SimplifiedLayerNormalization",
            [value, weight],
            [Attribute("axis", -1), Attribute("epsilon", epsilon), Attribute("stash_type", 1)],
            output: output
        );

    /// <summary>The root-mean-square norm of a sum, and the sum itself (the residual stream).</summary>
    public (OnnxValue Normalised, OnnxValue Sum) AddRmsNorm(
        OnnxValue value,
        OnnxValue skip,
        OnnxValue weight,
        float epsilon,
        string? output = null
    )
    {
        OnnxValue normalised = new(output ?? NewName("SkipNorm"));
        OnnxValue sum = new(NewName("Residual"));
        Node(
            "SkipSimplifiedLayerNormalization",
            [value, skip, weight],
            [normalised, default, default, sum],
            [Attribute("epsilon", epsilon)],
            Microsoft
        );
        return (normalised, sum);
    }

    /// <summary>The index of the greatest element of each row; the lowest one at a tie.</summary>
    public OnnxValue ArgMax(OnnxValue rows, string? output = null) =>
        Node("ArgMax", [rows], [Attribute("axis", -1), Attribute("keepdims", 0)], output: output);

    /// <summary>The greatest elements of each row, greatest first, lower index first at a tie.</summary>
    public void TopK(OnnxValue rows, OnnxValue count, OnnxValue values, OnnxValue indices) =>
        Node("TopK", [rows, count], [values, indices], [Attribute("axis", -1)]);
}
