using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Tokenwright.Models.Checkpoints;

/// <summary>
/// One safetensors file, memory-mapped. The header is checked in full when the file is opened: a file that opens can be read.
/// Format: 8 bytes of header length, a JSON header, then the data (https://github.com/huggingface/safetensors).
/// </summary>
/// <remarks>Reading is safe from several threads; disposing while another thread reads is not.</remarks>
public sealed unsafe class SafetensorsFile : ITensorSource, IDisposable
{
    private const long MaximumHeaderBytes = 100_000_000;
    private const string Damaged = "The file is damaged or was not downloaded completely; download it again.";

    private readonly MappedFile _file;
    private readonly Dictionary<string, Entry> _entries;
    private readonly byte* _data;

    /// <summary>Opens and checks a file.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="CheckpointException">It is absent, unreadable, truncated or malformed.</exception>
    public SafetensorsFile(string path)
    {
        Origin = path;
        _file = new MappedFile(path);
        try
        {
            if (_file.Length < 8)
            {
                throw Fault($"the file has {_file.Length} bytes, too few for a header length");
            }

            long left = _file.Length - 8;
            ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(_file.Start, 8));
            if (headerLength > MaximumHeaderBytes || headerLength > (ulong)left)
            {
                throw Fault($"the header claims {headerLength} bytes, the file has {left} after the length");
            }

            _data = _file.Start + 8 + headerLength;
            _entries = ReadHeader(new ReadOnlySpan<byte>(_file.Start + 8, (int)headerLength), left - (long)headerLength);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public string Origin { get; }

    /// <inheritdoc />
    public IEnumerable<string> Names => _entries.Keys;

    /// <inheritdoc />
    public IReadOnlyList<long>? ShapeOf(string name) => _entries.TryGetValue(name, out Entry? entry) ? entry.Shape : null;

    /// <inheritdoc />
    public void ReadRows(string name, int first, Span<float> destination)
    {
        if (!_entries.TryGetValue(name, out Entry? entry))
        {
            throw Fault($"there is no tensor '{name}'", "Check that the weights belong to this config.json.");
        }

        int length = destination.Length;
        int size = SizeOf(entry.Type);
        long count = (entry.End - entry.Begin) / size;
        long width = entry.Shape.Length == 0 || entry.Shape[0] == 0 ? count : count / entry.Shape[0];
        if (first < 0 || (width > 0 && length % width != 0) || first * width + length > count)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {count} elements in rows of {width}; {length} from row {first} on are not among them.",
                nameof(destination)
            );
        }

        byte* source = _data + entry.Begin + first * width * size;
        switch (entry.Type)
        {
            case "F32":
                new ReadOnlySpan<float>(source, length).CopyTo(destination);
                break;
            case "F16":
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(source, length), destination);
                break;
            case "BF16":
                WidenBFloat16(new ReadOnlySpan<ushort>(source, length), destination);
                break;
            default:
                throw Fault(
                    $"tensor '{name}' has type {entry.Type}; weights are read from F32, F16 and BF16",
                    "Use an unquantised checkpoint."
                );
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    // A bfloat16 is the upper half of a float32.
    private static void WidenBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
        int i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            bits[i] = (uint)source[i] << 16;
        }
    }

    private Dictionary<string, Entry> ReadHeader(ReadOnlySpan<byte> json, long dataLength)
    {
        Dictionary<string, Entry> entries = [];
        try
        {
            Utf8JsonReader reader = new(json);
            using JsonDocument header = JsonDocument.ParseValue(ref reader);
            if (header.RootElement.ValueKind != JsonValueKind.Object || !IsPadding(json[(int)reader.BytesConsumed..]))
            {
                throw Fault("the header is not one JSON object");
            }

            foreach (JsonProperty property in header.RootElement.EnumerateObject())
            {
                if (property.Name != "__metadata__" && !entries.TryAdd(property.Name, ReadEntry(property, dataLength)))
                {
                    throw Fault($"tensor '{property.Name}' is listed twice");
                }
            }
        }
        // A string may hold half a surrogate pair or broken UTF-8, which the parser reports as an invalid operation.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"{Origin}: the header is not valid JSON. {Damaged}", error);
        }

        CheckLayout(entries, dataLength);
        return entries;
    }

    private Entry ReadEntry(JsonProperty property, long dataLength)
    {
        string name = property.Name;
        if (
            property.Value.ValueKind != JsonValueKind.Object
            || !property.Value.TryGetProperty("dtype", out JsonElement type)
            || type.ValueKind != JsonValueKind.String
            || !property.Value.TryGetProperty("shape", out JsonElement shape)
            || !TryReadIntegers(shape, out long[] dimensions)
            || !property.Value.TryGetProperty("data_offsets", out JsonElement offsets)
            || !TryReadIntegers(offsets, out long[] range)
            || range.Length != 2
        )
        {
            throw Fault($"tensor '{name}' needs a dtype, a shape and two data_offsets");
        }

        Entry entry = new(type.GetString()!, dimensions, range[0], range[1]);
        if (entry.Begin > entry.End || entry.End > dataLength)
        {
            throw Fault($"tensor '{name}' lies at bytes {entry.Begin} to {entry.End} of a data section of {dataLength}");
        }

        long size = SizeOf(entry.Type);
        if (size == 0)
        {
            throw Fault($"tensor '{name}' has the unknown type '{entry.Type}'", "Use a checkpoint in F32, F16 or BF16.");
        }

        UInt128 bytes = (UInt128)size;
        foreach (long dimension in dimensions)
        {
            // Saturating: beyond this no file can be right, and a later zero makes the tensor empty again.
            bytes = UInt128.Min(bytes * (UInt128)dimension, UInt128.One << 64);
        }

        if (bytes != (UInt128)(entry.End - entry.Begin))
        {
            throw Fault(
                $"tensor '{name}' of {entry.Type} [{string.Join(", ", dimensions)}] needs {bytes} bytes but is given {entry.End - entry.Begin}"
            );
        }

        return entry;
    }

    private void CheckLayout(Dictionary<string, Entry> entries, long dataLength)
    {
        long end = 0;
        foreach ((string name, Entry entry) in entries.OrderBy(pair => pair.Value.Begin).ThenBy(pair => pair.Value.End))
        {
            if (entry.Begin < end)
            {
                throw Fault($"tensor '{name}' overlaps the one before it at byte {entry.Begin}");
            }

            if (entry.Begin > end)
            {
                throw Fault($"there is a hole of {entry.Begin - end} bytes before tensor '{name}'");
            }

            end = entry.End;
        }

        if (end != dataLength)
        {
            throw Fault($"the tensors end at byte {end} of a data section of {dataLength}");
        }
    }

    private static bool TryReadIntegers(JsonElement element, out long[] values)
    {
        values = [];
        if (element.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        values = new long[element.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in element.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out values[i]) || values[i++] < 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsPadding(ReadOnlySpan<byte> rest) => rest.TrimEnd((byte)' ').IsEmpty;

    private static int SizeOf(string type) =>
        type switch
        {
            "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" => 1,
            "F16" or "BF16" or "I16" or "U16" => 2,
            "F32" or "I32" or "U32" => 4,
            "F64" or "I64" or "U64" => 8,
            _ => 0,
        };

    private CheckpointException Fault(string fault, string remedy = Damaged) => new($"{Origin}: {fault}. {remedy}");

    private sealed record Entry(string Type, long[] Shape, long Begin, long End);
}
