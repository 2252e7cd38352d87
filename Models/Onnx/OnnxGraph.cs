using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;

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

    private readonly ModelProto _model;
    private readonly GraphProto _graph;
    private readonly Dictionary<string, Weight> _weights = [];
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

    /// <summary>Adds a weight, stored in the side file. Asking again for the same name gives the weight already there.</summary>
    /// <param name="name">Its name in the graph.</param>
    /// <param name="weight">Its shape and content.</param>
    public OnnxValue Weight(string name, Weight weight)
    {
        if (_weights.TryAdd(name, weight))
        {
            TensorProto tensor = new()
            {
                Name = name,
                DataType = (int)ElementType.Float,
                DataLocation = DataLocation.LocationExternal,
            };
            tensor.Dims.AddRange(weight.Shape);
            _graph.Initializer.Add(tensor);
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
    /// Writes the graph to <c>model.onnx</c> and its weights to <c>model.onnx.data</c>. Each weight is computed, written and
    /// forgotten before the next; large ones start on a page boundary so that they can be mapped.
    /// </summary>
    /// <param name="folder">An existing folder. If writing fails it may hold part of a file: write to a temporary one.</param>
    /// <param name="cancellation">Checked before every weight.</param>
    /// <returns>The length of the weight file in bytes.</returns>
    /// <exception cref="IOException">The disk is full or the folder cannot be written.</exception>
    public long Save(string folder, CancellationToken cancellation = default)
    {
        long length = 0;
        foreach (TensorProto tensor in _graph.Initializer)
        {
            if (_weights.TryGetValue(tensor.Name, out Weight? weight))
            {
                long bytes = (long)weight.Length * sizeof(float);
                int alignment = bytes >= LargeBytes ? LargeAlignment : SmallAlignment;
                length = (length + alignment - 1) / alignment * alignment;
                tensor.ExternalData.Clear();
                tensor.ExternalData.Add(Entry("location", OnnxFiles.Weights));
                tensor.ExternalData.Add(Entry("offset", length.ToString(CultureInfo.InvariantCulture)));
                tensor.ExternalData.Add(Entry("length", bytes.ToString(CultureInfo.InvariantCulture)));
                length += bytes;
            }
        }

        SaveWeights(Path.Combine(folder, OnnxFiles.Weights), length, cancellation);
        using FileStream file = new(Path.Combine(folder, OnnxFiles.Graph), FileMode.CreateNew, FileAccess.Write);
        _model.WriteTo(file);
        file.Flush(flushToDisk: true);
        return length;
    }

    private void SaveWeights(string path, long length, CancellationToken cancellation)
    {
        using FileStream file = Create(path, length);
        foreach (TensorProto tensor in _graph.Initializer)
        {
            if (_weights.TryGetValue(tensor.Name, out Weight? weight))
            {
                cancellation.ThrowIfCancellationRequested();
                float[] values = GC.AllocateUninitializedArray<float>(weight.Length);
                weight.Fill(values);
                file.Position = long.Parse(tensor.ExternalData[1].Value, CultureInfo.InvariantCulture);
                Write(file, values);
            }
        }

        file.Flush(flushToDisk: true);
    }

    // Asking for the room first turns a full disk into an error at the start instead of minutes later.
    private static FileStream Create(string path, long length)
    {
        try
        {
            return new FileStream(
                path,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    PreallocationSize = length,
                    BufferSize = 0,
                }
            );
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new IOException($"The weights take {length} bytes, more than one file may have there.", error);
        }
    }

    private static void Write(FileStream file, ReadOnlySpan<float> values)
    {
        // In pieces: the bytes of one tensor may not fit in one span.
        const int Piece = 1 << 24;
        for (int start = 0; start < values.Length; start += Piece)
        {
            file.Write(MemoryMarshal.AsBytes(values[start..Math.Min(start + Piece, values.Length)]));
        }
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
}

/// <summary>The names of the files of a built graph.</summary>
public static class OnnxFiles
{
    /// <summary>The graph.</summary>
    public const string Graph = "model.onnx";

    /// <summary>Its weights.</summary>
    public const string Weights = "model.onnx.data";
}
