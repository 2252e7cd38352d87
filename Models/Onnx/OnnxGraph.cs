using System.Buffers;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;

namespace Tokenwright.Models.Onnx;

/// <summary>
/// An ONNX graph under construction. Operators are methods that take values and return values, so a network reads like the
/// formulas it implements; weights are described now and written by <see cref="Save"/>, one at a time, to a side file.
/// </summary>
/// <remarks>Opset 21 of the standard operators and version 1 of ONNX Runtime's own. Not safe for concurrent use.</remarks>
public sealed partial class OnnxGraph
{
    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    public const string Microsoft = "com.microsoft";

    private const int LargeBytes = 64 * 1024;
    private const int LargeAlignment = 4096;
    private const int SmallAlignment = 64;

    /// <summary>Values that one core computes at a time.</summary>
    private const int PieceLength = 1 << 18;

    private readonly ModelProto _model;
    private readonly GraphProto _graph;
    private readonly OrderedDictionary<string, External> _externals = [];
    private readonly List<Content> _contents = [];
    private readonly Dictionary<string, int> _counters = [];

    /// <summary>Starts an empty graph.</summary>
    /// <param name="name">The graph's name, for people.</param>
    /// <param name="producerVersion">Written to the file as the version of the producer.</param>
    public OnnxGraph(string name, string producerVersion)
    {
        _graph = new GraphProto { Name = name };
        _model = new ModelProto
        {
            IrVersion = 10,
            ProducerName = "tokenwright",
            ProducerVersion = producerVersion,
            Graph = _graph,
        };
        _model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 21 });
        _model.OpsetImport.Add(new OperatorSetIdProto { Domain = Microsoft, Version = 1 });
    }

    /// <summary>Declares an input of the graph.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="shape">Its dimensions; none for a scalar.</param>
    public OnnxValue Input(string name, ElementType type, params ReadOnlySpan<OnnxDimension> shape)
    {
        _graph.Input.Add(Describe(name, type, shape));
        return new OnnxValue(name);
    }

    /// <summary>Makes a value an output of the graph. The value keeps its name, so it must have been named where it was made.</summary>
    /// <param name="value">The value.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="shape">Its dimensions.</param>
    public void Output(OnnxValue value, ElementType type, params ReadOnlySpan<OnnxDimension> shape) =>
        _graph.Output.Add(Describe(value.ToString(), type, shape));

    /// <summary>The weights that were rounded when the graph was saved.</summary>
    public IReadOnlyList<QuantisedWeight> Quantised =>
        [.. _contents.Select(content => content.Quantised).OfType<QuantisedWeight>()];

    /// <summary>Adds a weight, stored in the side file. Asking again for the same name gives the weight already there.</summary>
    /// <param name="name">Its name in the graph.</param>
    /// <param name="weight">Its shape and content.</param>
    public OnnxValue Weight(string name, Weight weight)
    {
        if (!_externals.ContainsKey(name))
        {
            External place = Place(name, ElementType.Float, weight.Shape, (long)weight.Length * sizeof(float));
            _contents.Add(
                new Content(
                    weight,
                    null,
                    (file, first, count) =>
                    {
                        int length = count * weight.Width;
                        float[] values = ArrayPool<float>.Shared.Rent(length);
                        weight.Read(first, values.AsSpan(0, length));
                        Write(file, place.Offset + (long)first * weight.Width * sizeof(float), values.AsSpan(0, length));
                        ArrayPool<float>.Shared.Return(values);
                    }
                )
            );
        }

        return new OnnxValue(name);
    }

    /// <summary>
    /// Adds a rounded matrix, stored in the side file as two or three tensors: codes [out, blocks, bytes], scales [out, blocks] and, if blocks have
    /// zeros of their own, these [out, bytes].
    /// </summary>
    /// <param name="weight">The matrix. Asking again for the same name gives the one already there.</param>
    public (OnnxValue Codes, OnnxValue Scales, OnnxValue Zeros) Weight(QuantisedWeight weight)
    {
        string codesName = weight.Name + ".codes";
        string scalesName = weight.Name + ".scales";
        string zerosName = weight.Name + ".zeros";
        if (!_externals.ContainsKey(codesName))
        {
            int rows = weight.Size.Rows;
            int blocks = weight.Blocks;
            int blockBytes = weight.Format.BlockBytes;
            int rowCodes = checked(blocks * blockBytes);
            int rowZeros = weight.Format.ZeroBytes(blocks);
            External codes = Place(codesName, ElementType.Uint8, [rows, blocks, blockBytes], (long)rows * rowCodes);
            External scales = Place(scalesName, ElementType.Float, [rows, blocks], (long)rows * blocks * sizeof(float));
            External? zeros = rowZeros > 0 ? Place(zerosName, ElementType.Uint8, [rows, rowZeros], (long)rows * rowZeros) : null;
            _contents.Add(
                new Content(
                    weight.Exact,
                    weight,
                    (file, first, count) =>
                    {
                        int codesLength = checked(count * rowCodes);
                        byte[] codeBuffer = ArrayPool<byte>.Shared.Rent(codesLength);
                        float[] scaleBuffer = ArrayPool<float>.Shared.Rent(count * blocks);
                        byte[] zeroBuffer = ArrayPool<byte>.Shared.Rent(count * rowZeros);
                        Span<byte> codeRows = codeBuffer.AsSpan(0, codesLength);
                        Span<float> scaleRows = scaleBuffer.AsSpan(0, count * blocks);
                        Span<byte> zeroRows = zeroBuffer.AsSpan(0, count * rowZeros);
                        weight.Read(first, count, codeRows, scaleRows, zeroRows);
                        Write<byte>(file, codes.Offset + (long)first * rowCodes, codeRows);
                        Write<float>(file, scales.Offset + (long)first * blocks * sizeof(float), scaleRows);
                        if (zeros is not null)
                        {
                            Write<byte>(file, zeros.Offset + (long)first * rowZeros, zeroRows);
                        }

                        ArrayPool<byte>.Shared.Return(codeBuffer);
                        ArrayPool<float>.Shared.Return(scaleBuffer);
                        ArrayPool<byte>.Shared.Return(zeroBuffer);
                    }
                )
            );
        }

        return (new OnnxValue(codesName), new OnnxValue(scalesName), weight.Format.OwnZeros ? new OnnxValue(zerosName) : default);
    }

    /// <summary>The bytes of a weight under another name and shape; they are stored once.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="name">The other name.</param>
    /// <param name="shape">The other shape, of as many elements.</param>
    public OnnxValue View(OnnxValue weight, string name, params long[] shape)
    {
        if (!_externals.ContainsKey(name))
        {
            External place = _externals[weight.ToString()];
            _externals.Add(name, place with { Tensor = Declare(name, (ElementType)place.Tensor.DataType, shape), Of = place });
        }

        return new OnnxValue(name);
    }

    /// <summary>Adds a small vector of integers, stored in the graph itself.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Its elements.</param>
    public OnnxValue Constant(string name, params ReadOnlySpan<long> values) =>
        Constant(name, ElementType.Int64, values.Length, MemoryMarshal.AsBytes(values));

    /// <summary>Adds a small vector of floats, stored in the graph itself.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Its elements.</param>
    public OnnxValue Constant(string name, params ReadOnlySpan<float> values) =>
        Constant(name, ElementType.Float, values.Length, MemoryMarshal.AsBytes(values));

    /// <summary>Adds an operator with one output.</summary>
    /// <param name="operatorType">The operator.</param>
    /// <param name="inputs">Its inputs; default values stand for omitted ones.</param>
    /// <param name="attributes">Its attributes, made by <c>Attribute</c>.</param>
    /// <param name="domain">The operator's domain: empty for standard ones, <see cref="Microsoft"/> for ONNX Runtime's own.</param>
    /// <param name="output">A name for the output; made up if null.</param>
    /// <returns>The output.</returns>
    public OnnxValue Node(
        string operatorType,
        ReadOnlySpan<OnnxValue> inputs,
        ReadOnlySpan<AttributeProto> attributes = default,
        string domain = "",
        string? output = null
    )
    {
        OnnxValue value = new(output ?? NewName(operatorType));
        Node(operatorType, inputs, [value], attributes, domain);
        return value;
    }

    /// <summary>Adds an operator with any number of outputs.</summary>
    /// <param name="operatorType">The operator.</param>
    /// <param name="inputs">Its inputs; default values stand for omitted ones.</param>
    /// <param name="outputs">Its outputs; default values stand for omitted ones.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="domain">The operator's domain.</param>
    public void Node(
        string operatorType,
        ReadOnlySpan<OnnxValue> inputs,
        ReadOnlySpan<OnnxValue> outputs,
        ReadOnlySpan<AttributeProto> attributes = default,
        string domain = ""
    )
    {
        NodeProto node = new()
        {
            OpType = operatorType,
            Name = NewName(operatorType + "_node"),
            Domain = domain,
        };
        AddNames(node.Input, inputs);
        AddNames(node.Output, outputs);
        node.Attribute.AddRange(attributes.ToArray());
        _graph.Node.Add(node);
    }

    /// <summary>An integer attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public static AttributeProto Attribute(string name, long value) =>
        new()
        {
            Name = name,
            Type = AttributeType.AttributeInt,
            I = value,
        };

    /// <summary>A float attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public static AttributeProto Attribute(string name, float value) =>
        new()
        {
            Name = name,
            Type = AttributeType.AttributeFloat,
            F = value,
        };

    /// <summary>A string attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public static AttributeProto Attribute(string name, string value) =>
        new()
        {
            Name = name,
            Type = AttributeType.AttributeString,
            S = ByteString.CopyFromUtf8(value),
        };

    /// <summary>
    /// Writes the graph to <c>model.onnx</c> and its weights to <c>model.onnx.data</c>. Weights are computed, written and forgotten
    /// one after another, the rows of each on all cores; large ones start on a page boundary so that they can be mapped.
    /// </summary>
    /// <param name="folder">An existing folder. If writing fails it may hold part of a file: write to a temporary one.</param>
    /// <param name="cancellation">Checked before every few rows.</param>
    /// <returns>The length of the weight file in bytes.</returns>
    /// <exception cref="IOException">The disk is full or the folder cannot be written.</exception>
    public long Save(string folder, CancellationToken cancellation = default)
    {
        long length = 0;
        foreach (External place in _externals.Values)
        {
            if (place.Of is null)
            {
                int alignment = place.Bytes >= LargeBytes ? LargeAlignment : SmallAlignment;
                place.Offset = (length + alignment - 1) / alignment * alignment;
                length = place.Offset + place.Bytes;
            }
            else
            {
                place.Offset = place.Of.Offset;
            }

            place.Tensor.ExternalData.Clear();
            place.Tensor.ExternalData.Add(Entry("location", OnnxFiles.Weights));
            place.Tensor.ExternalData.Add(Entry("offset", place.Offset.ToString(CultureInfo.InvariantCulture)));
            place.Tensor.ExternalData.Add(Entry("length", place.Bytes.ToString(CultureInfo.InvariantCulture)));
        }

        SaveWeights(Path.Combine(folder, OnnxFiles.Weights), length, cancellation);
        using FileStream file = new(Path.Combine(folder, OnnxFiles.Graph), FileMode.CreateNew, FileAccess.Write);
        _model.WriteTo(file);
        file.Flush(flushToDisk: true);
        return length;
    }

    private void SaveWeights(string path, long length, CancellationToken cancellation)
    {
        // Asking for the room first turns a full disk into an error at the start instead of minutes later.
        using SafeFileHandle file = File.OpenHandle(
            path,
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None,
            preallocationSize: length
        );
        foreach (Content content in _contents)
        {
            cancellation.ThrowIfCancellationRequested();
            int rows = content.Weight.Rows;
            int piece = content.Weight.IsWhole ? rows : Math.Clamp(PieceLength / content.Weight.Width, 1, rows);
            try
            {
                Parallel.For(
                    0,
                    (rows + piece - 1) / piece,
                    new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount },
                    i => content.Write(file, i * piece, Math.Min(piece, rows - i * piece))
                );
            }
            catch (AggregateException errors)
            {
                ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
            }
        }

        RandomAccess.FlushToDisk(file);
    }

    private static void Write<T>(SafeFileHandle file, long offset, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        // In pieces: the bytes of one tensor may not fit in one span.
        const int Piece = 1 << 24;
        try
        {
            for (int start = 0; start < values.Length; start += Piece)
            {
                ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values[start..Math.Min(start + Piece, values.Length)]);
                RandomAccess.Write(file, bytes, offset);
                offset += bytes.Length;
            }
        }
        catch (ArgumentOutOfRangeException error)
        {
            // What the runtime makes of a file that outgrows what the file system or the process may have.
            throw new IOException($"The weights may not grow beyond {offset} bytes.", error);
        }
    }

    private External Place(string name, ElementType type, IReadOnlyList<long> shape, long bytes)
    {
        External place = new(Declare(name, type, shape), bytes);
        _externals.Add(name, place);
        return place;
    }

    private TensorProto Declare(string name, ElementType type, IReadOnlyList<long> shape)
    {
        TensorProto tensor = new()
        {
            Name = name,
            DataType = (int)type,
            DataLocation = DataLocation.LocationExternal,
        };
        tensor.Dims.AddRange(shape);
        _graph.Initializer.Add(tensor);
        return tensor;
    }

    private OnnxValue Constant(string name, ElementType type, int length, ReadOnlySpan<byte> bytes)
    {
        if (_graph.Initializer.All(tensor => tensor.Name != name))
        {
            TensorProto tensor = new()
            {
                Name = name,
                DataType = (int)type,
                RawData = ByteString.CopyFrom(bytes),
            };
            tensor.Dims.Add(length);
            _graph.Initializer.Add(tensor);
        }

        return new OnnxValue(name);
    }

    private string NewName(string prefix)
    {
        int count = _counters.GetValueOrDefault(prefix);
        _counters[prefix] = count + 1;
        return string.Create(CultureInfo.InvariantCulture, $"{prefix}_{count}");
    }

    private static void AddNames(Google.Protobuf.Collections.RepeatedField<string> names, ReadOnlySpan<OnnxValue> values)
    {
        foreach (OnnxValue value in values)
        {
            names.Add(value.ToString());
        }

        // Omitted inputs at the end are simply not written.
        while (names.Count > 0 && names[^1].Length == 0)
        {
            names.RemoveAt(names.Count - 1);
        }
    }

    private static ValueInfoProto Describe(string name, ElementType type, ReadOnlySpan<OnnxDimension> shape)
    {
        TensorShapeProto dimensions = new();
        foreach (OnnxDimension dimension in shape)
        {
            dimensions.Dim.Add(
                dimension.Symbol is { } symbol
                    ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                    : new TensorShapeProto.Types.Dimension { DimValue = dimension.Length }
            );
        }

        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = dimensions },
            },
        };
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    /// <summary>A tensor in the side file.</summary>
    /// <param name="Tensor">Its description.</param>
    /// <param name="Bytes">Its length.</param>
    /// <param name="Of">The tensor whose bytes these are, if they are another's.</param>
    private sealed record External(TensorProto Tensor, long Bytes, External? Of = null)
    {
        public long Offset { get; set; }
    }

    /// <summary>What fills one or two tensors of the side file.</summary>
    /// <param name="Weight">The rows that it comes from.</param>
    /// <param name="Quantised">Their rounded form, if that is what is written.</param>
    /// <param name="Write">Writes some rows.</param>
    private sealed record Content(Weight Weight, QuantisedWeight? Quantised, Action<SafeFileHandle, int, int> Write);
}

/// <summary>The names of the files of a built graph.</summary>
public static class OnnxFiles
{
    /// <summary>The graph.</summary>
    public const string Graph = "model.onnx";

    /// <summary>Its weights.</summary>
    public const string Weights = "model.onnx.data";
}
