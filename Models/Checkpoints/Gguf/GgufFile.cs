using System.Buffers.Binary;
using System.Text;

namespace Tokenwright.Models.Checkpoints.Gguf;

/// <summary>
/// One GGUF file of version 2 or 3, memory-mapped. Its header is checked in full when it is opened; no count or length in it is
/// believed beyond what the file has room for. Tensors are read one at a time, in row-major order, the last dimension innermost.
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
/// </summary>
/// <remarks>Reading is safe from several threads; disposing while another thread reads is not.</remarks>
public sealed unsafe class GgufFile : ITensorSource, IDisposable
{
    private const string Damaged = "The file is damaged or was not downloaded completely; download it again.";

    private readonly MappedFile _file;
    private readonly byte* _data;
    private readonly Dictionary<string, object> _metadata = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _tensors = new(StringComparer.Ordinal);
    private long _metadataEnd;

    /// <summary>Opens and checks a file.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="CheckpointException">It is absent, unreadable, truncated, malformed or of a version or tensor type that is not supported.</exception>
    public GgufFile(string path)
    {
        Origin = path;
        _file = new MappedFile(path);
        try
        {
            if (_file.Length < 24)
            {
                throw Fault($"the file has {_file.Length} bytes, too few for a GGUF header");
            }

            Reader reader = new(this, _file.Start, _file.Length);
            long data = ReadHeader(ref reader);
            _data = _file.Start + data;
            CheckTensors(_file.Length - data);
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
    public IEnumerable<string> Names => _tensors.Keys;

    /// <summary>The keys of the metadata.</summary>
    public IEnumerable<string> Keys => _metadata.Keys;

    /// <summary>Whether a path is that of a GGUF file: by its ending or its first bytes.</summary>
    /// <param name="path">Any path.</param>
    public static bool Is(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        try
        {
            using FileStream file = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[4];
            return file.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("GGUF"u8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The one GGUF file of a folder that has no config.json, or the path itself.</summary>
    /// <param name="path">Any path.</param>
    /// <exception cref="CheckpointException">The folder has several GGUF files.</exception>
    public static string In(string path)
    {
        if (!Directory.Exists(path) || File.Exists(Path.Combine(path, "config.json")))
        {
            return path;
        }

        string[] files = [.. Directory.EnumerateFiles(path, "*.gguf").Order(StringComparer.Ordinal)];
        return files.Length switch
        {
            0 => path,
            1 => files[0],
            _ => throw new CheckpointException(
                $"{path}: holds {files.Length} GGUF files. Give one of them: {string.Join(", ", files.Select(Path.GetFileName))}."
            ),
        };
    }

    /// <summary>Writes the metadata, the tokenizer among them, as a GGUF file without tensors.</summary>
    /// <param name="path">The file, which must not exist.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void SaveMetadata(string path)
    {
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write);
        // Magic and version, no tensors, then the number of values and the values.
        file.Write(new ReadOnlySpan<byte>(_file.Start, 8));
        file.Write(new byte[8]);
        for (long at = 16; at < _metadataEnd; )
        {
            int part = (int)Math.Min(_metadataEnd - at, 1 << 20);
            file.Write(new ReadOnlySpan<byte>(_file.Start + at, part));
            at += part;
        }

        file.Flush(flushToDisk: true);
    }

    /// <summary>
    /// A value of the metadata: a <see cref="long"/> (also for unsigned numbers; the greatest are capped), <see cref="double"/>,
    /// <see cref="bool"/>, <see cref="string"/>, or an array of one of these, or of arrays. Null if there is none.
    /// </summary>
    /// <param name="key">Its key, for example <c>general.architecture</c>.</param>
    public object? Find(string key) => _metadata.GetValueOrDefault(key);

    /// <summary>A text of the metadata; null if there is none.</summary>
    /// <param name="key">Its key.</param>
    /// <exception cref="CheckpointException">It is something else.</exception>
    public string? Text(string key) => As<string>(key, "a text");

    /// <summary>A list of texts; null if there is none.</summary>
    /// <param name="key">Its key.</param>
    /// <exception cref="CheckpointException">It is something else.</exception>
    public string[]? Texts(string key) => As<string[]>(key, "a list of texts");

    /// <summary>A whole number; null if there is none.</summary>
    /// <param name="key">Its key.</param>
    /// <exception cref="CheckpointException">It is something else.</exception>
    public long? WholeNumber(string key) =>
        Find(key) switch
        {
            null => null,
            long number => number,
            _ => throw Fault($"'{key}' must be a whole number", "Use another file."),
        };

    /// <summary>A finite number; null if there is none.</summary>
    /// <param name="key">Its key.</param>
    /// <exception cref="CheckpointException">It is something else.</exception>
    public double? Number(string key) =>
        Find(key) switch
        {
            null => null,
            long number => number,
            double number when double.IsFinite(number) => number,
            _ => throw Fault($"'{key}' must be a number", "Use another file."),
        };

    /// <summary>True or false; null if there is none.</summary>
    /// <param name="key">Its key.</param>
    /// <exception cref="CheckpointException">It is something else.</exception>
    public bool? Flag(string key) =>
        Find(key) switch
        {
            null => null,
            bool flag => flag,
            _ => throw Fault($"'{key}' must be true or false", "Use another file."),
        };

    /// <inheritdoc />
    public IReadOnlyList<long>? ShapeOf(string name) => _tensors.GetValueOrDefault(name)?.Shape;

    /// <summary>The name of a tensor's type, for example <c>Q4_1</c>; null if there is no such tensor.</summary>
    /// <param name="name">The tensor's name.</param>
    public string? TypeOf(string name) => _tensors.GetValueOrDefault(name)?.Type.Name;

    /// <inheritdoc />
    public void ReadRows(string name, int first, Span<float> destination)
    {
        Entry entry = EntryOf(name);
        int width = entry.Width;
        CheckRows(name, entry, first, destination.Length, width);
        if (entry.Shape.Length == 1 && entry.Type.BlockValues > 1)
        {
            // A block of a vector holds many of its rows.
            float[] all = new float[entry.Shape[0]];
            entry.Type.Read(Row(entry, 0), all);
            all.AsSpan(first, destination.Length).CopyTo(destination);
            return;
        }

        // Byte spans end at 2 GiB; rows do not reach that.
        for (; !destination.IsEmpty; first++, destination = destination[width..])
        {
            entry.Type.Read(Row(entry, first), destination[..width]);
        }
    }

    /// <inheritdoc />
    public void ReadScales(string name, int first, int blockSize, Span<float> scales)
    {
        Entry entry = EntryOf(name);
        int blocks = (entry.Width + blockSize - 1) / blockSize;
        CheckRows(name, entry, first, scales.Length, blocks);
        if (entry.Type.Scales is not { } read || entry.Type.ScaledValues % blockSize != 0)
        {
            scales.Fill(float.NaN);
            return;
        }

        int repeats = entry.Type.ScaledValues / blockSize;
        Span<float> stored = stackalloc float[entry.Type.BlockValues / entry.Type.ScaledValues];
        for (; !scales.IsEmpty; first++, scales = scales[blocks..])
        {
            Span<float> row = scales[..blocks];
            for (ReadOnlySpan<byte> left = Row(entry, first); !left.IsEmpty; left = left[entry.Type.BlockBytes..])
            {
                read(left[..entry.Type.BlockBytes], stored);
                foreach (float scale in stored)
                {
                    row[..repeats].Fill(scale);
                    row = row[repeats..];
                }
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    internal CheckpointException Fault(string fault, string remedy = Damaged) => new($"{Origin}: {fault}. {remedy}");

    private ReadOnlySpan<byte> Row(Entry entry, int row)
    {
        int bytes = (int)(entry.Bytes / (entry.Shape.Length == 1 && entry.Type.BlockValues > 1 ? 1 : entry.Rows));
        return new ReadOnlySpan<byte>(_data + entry.Offset + (long)row * bytes, bytes);
    }

    private static void CheckRows(string name, Entry entry, int first, int length, int width)
    {
        if (first < 0 || length % width != 0 || (long)first * width + length > entry.Rows * width)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {entry.Rows} rows of {width} elements; {length} from row {first} on are not among them.",
                nameof(length)
            );
        }
    }

    private Entry EntryOf(string name) =>
        _tensors.TryGetValue(name, out Entry? entry)
            ? entry
            : throw Fault($"there is no tensor '{name}'", "Check that the file is a whole model.");

    private T? As<T>(string key, string what)
        where T : class =>
        Find(key) switch
        {
            null => null,
            T value => value,
            _ => throw Fault($"'{key}' must be {what}", "Use another file."),
        };

    /// <returns>Where the data begin.</returns>
    private long ReadHeader(ref Reader reader)
    {
        if (reader.UInt32() != 0x46554747)
        {
            throw Fault("it does not begin with 'GGUF'", "Give a GGUF file, or a folder with config.json and safetensors files.");
        }

        uint version = reader.UInt32();
        if (version is not (2 or 3))
        {
            bool swapped = BinaryPrimitives.ReverseEndianness(version) is 2 or 3;
            throw Fault(
                swapped ? "it is a big-endian GGUF file" : $"it is GGUF version {version}; versions 2 and 3 are supported",
                "Convert the model again with a current converter."
            );
        }

        // The shortest tensor has no name and one dimension, the shortest value no key and one byte.
        ulong tensors = reader.Count(32 - 8, "tensors");
        ulong values = reader.Count(8 + 4 + 1, "metadata values");
        for (ulong i = 0; i < values; i++)
        {
            string key = reader.String();
            if (!_metadata.TryAdd(key, reader.Value(reader.UInt32(), 0)))
            {
                throw Fault($"the metadata have '{key}' twice");
            }
        }

        _metadataEnd = reader.Position;
        List<(string Name, Entry Entry)> read = [];
        for (ulong i = 0; i < tensors; i++)
        {
            read.Add(ReadEntry(ref reader));
        }

        long alignment = WholeNumber("general.alignment") ?? 32;
        if (alignment is < 1 or > 1 << 20 || (alignment & (alignment - 1)) != 0)
        {
            throw Fault($"'general.alignment' is {alignment}; it must be a power of two");
        }

        foreach ((string name, Entry entry) in read)
        {
            if (entry.Offset % alignment != 0)
            {
                throw Fault($"tensor '{name}' begins at byte {entry.Offset}, no multiple of {alignment}");
            }

            if (!_tensors.TryAdd(name, entry))
            {
                throw Fault($"tensor '{name}' is listed twice");
            }
        }

        long data = (reader.Position + alignment - 1) / alignment * alignment;
        return Math.Min(data, reader.Length);
    }

    private (string, Entry) ReadEntry(ref Reader reader)
    {
        string name = reader.String();
        uint rank = reader.UInt32();
        if (rank is < 1 or > 4)
        {
            throw Fault($"tensor '{name}' has {rank} dimensions; 1 to 4 are possible");
        }

        long[] shape = new long[rank];
        UInt128 count = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            // The file has the innermost dimension first.
            ulong dimension = reader.UInt64();
            if (dimension is 0 or > int.MaxValue)
            {
                throw Fault($"tensor '{name}' has a dimension of {dimension}");
            }

            shape[^(i + 1)] = (long)dimension;
            count *= dimension;
        }

        uint number = reader.UInt32();
        ulong offset = reader.UInt64();
        GgufType type =
            GgufBlocks.Find(number)
            ?? throw Fault(
                $"tensor '{name}' has type {GgufBlocks.NameOf(number)}; supported are {string.Join(", ", GgufBlocks.Names)}",
                "Use a file quantised to one of these."
            );
        if (shape[^1] % type.BlockValues != 0)
        {
            throw Fault(
                $"tensor '{name}' has rows of {shape[^1]} values, no multiple of the {type.BlockValues} in a block of {type.Name}"
            );
        }

        UInt128 bytes = count / (UInt128)type.BlockValues * (UInt128)type.BlockBytes;
        if (offset > (ulong)reader.Length || bytes > (UInt128)reader.Length)
        {
            throw Fault(
                $"tensor '{name}' of {type.Name} [{string.Join(", ", shape)}] needs {bytes} bytes at {offset}; the file has {reader.Length}"
            );
        }

        return (name, new Entry(type, shape, (long)offset, (long)bytes));
    }

    private void CheckTensors(long dataLength)
    {
        long end = 0;
        foreach ((string name, Entry entry) in _tensors.OrderBy(pair => pair.Value.Offset))
        {
            if (entry.Offset < end)
            {
                throw Fault($"tensor '{name}' overlaps the one before it at byte {entry.Offset}");
            }

            end = entry.Offset + entry.Bytes;
            if (end > dataLength)
            {
                throw Fault($"tensor '{name}' lies at bytes {entry.Offset} to {end} of a data section of {dataLength}");
            }
        }
    }

    private sealed record Entry(GgufType Type, long[] Shape, long Offset, long Bytes)
    {
        public long Rows => Shape[0];

        public int Width => checked((int)(Bytes / Type.BlockBytes * Type.BlockValues / Rows));
    }

    /// <summary>A walk over the header that never passes its end.</summary>
    private ref struct Reader(GgufFile file, byte* start, long length)
    {
        private const int MostNesting = 4;

        public long Position { get; private set; }

        public readonly long Length => length;

        private readonly long Left => length - Position;

        public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

        /// <summary>A number of things that take so many bytes each, at least.</summary>
        public ulong Count(int bytes, string what)
        {
            ulong count = UInt64();
            return count <= (ulong)(Left / bytes)
                ? count
                : throw file.Fault($"the header claims {count} {what}; the file has room for {Left / bytes}");
        }

        public string String()
        {
            ulong bytes = Count(1, "bytes of text");
            return bytes <= int.MaxValue
                ? Encoding.UTF8.GetString(Take((int)bytes))
                : throw file.Fault($"a text of {bytes} bytes is no metadata");
        }

        public object Value(uint type, int depth)
        {
            switch (type)
            {
                case 0:
                    return (long)Take(1)[0];
                case 1:
                    return (long)(sbyte)Take(1)[0];
                case 2:
                    return (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
                case 3:
                    return (long)BinaryPrimitives.ReadInt16LittleEndian(Take(2));
                case 4:
                    return (long)UInt32();
                case 5:
                    return (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4));
                case 6:
                    return (double)BinaryPrimitives.ReadSingleLittleEndian(Take(4));
                case 7:
                    return Take(1)[0] switch
                    {
                        0 => false,
                        1 => true,
                        var other => throw file.Fault($"a truth value is {other}"),
                    };
                case 8:
                    return String();
                case 9 when depth < MostNesting:
                    return Array(depth + 1);
                case 10:
                    return (long)Math.Min(UInt64(), long.MaxValue);
                case 11:
                    return BinaryPrimitives.ReadInt64LittleEndian(Take(8));
                case 12:
                    return BinaryPrimitives.ReadDoubleLittleEndian(Take(8));
                default:
                    throw file.Fault($"the metadata hold a value of type {type}, or arrays nested too deeply");
            }
        }

        private object Array(int depth)
        {
            uint type = UInt32();
            int size = type switch
            {
                0 or 1 or 7 => 1,
                2 or 3 => 2,
                4 or 5 or 6 => 4,
                9 => 12,
                _ => 8,
            };
            ulong count = Count(size, "elements of an array");
            if (count > (ulong)System.Array.MaxLength)
            {
                throw file.Fault($"an array of {count} elements is no metadata");
            }

            switch (type)
            {
                case 8:
                    string[] texts = new string[count];
                    for (int i = 0; i < texts.Length; i++)
                    {
                        texts[i] = String();
                    }

                    return texts;
                case 6 or 12:
                    double[] numbers = new double[count];
                    for (int i = 0; i < numbers.Length; i++)
                    {
                        numbers[i] = (double)Value(type, depth);
                    }

                    return numbers;
                case 7 or 9:
                    object[] values = new object[count];
                    for (int i = 0; i < values.Length; i++)
                    {
                        values[i] = Value(type, depth);
                    }

                    return values;
                default:
                    long[] whole = new long[count];
                    for (int i = 0; i < whole.Length; i++)
                    {
                        whole[i] = (long)Value(type, depth);
                    }

                    return whole;
            }
        }

        private ReadOnlySpan<byte> Take(int bytes)
        {
            if (bytes > Left)
            {
                throw file.Fault($"the header ends at byte {length}, in the middle of a value");
            }

            ReadOnlySpan<byte> taken = new(start + Position, bytes);
            Position += bytes;
            return taken;
        }
    }
}
