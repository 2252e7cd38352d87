using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Tokenwright.Cli;

/// <summary>Logits as a NumPy file (format 1.0): float32, row i following tokens 0 to i.</summary>
internal static class LogitsFile
{
    /// <summary>Runs the tokens in parts and writes each part's rows; the file appears complete or not at all.</summary>
    public static async Task WriteAsync(string path, ICausalModel model, int[] tokens, CancellationToken cancellation)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write);
            await using (file.ConfigureAwait(false))
            {
                file.Write(Header(tokens.Length, model.Info.VocabularySize));
                using var sequence = model.CreateSequence();
                for (int start = 0; start < tokens.Length; start += Generation.PromptPart)
                {
                    int count = Math.Min(Generation.PromptPart, tokens.Length - start);
                    var item = new ForwardItem
                    {
                        Sequence = sequence,
                        Tokens = tokens.AsMemory(start, count),
                        Wanted = new Wanted(Logits: RowSelection.All),
                    };
                    await model.ForwardAsync(new[] { item }, cancellation).ConfigureAwait(false);
                    for (int row = 0; row < count; row++)
                    {
                        file.Write(MemoryMarshal.AsBytes(sequence.Rows.Logits(row)));
                    }

                    sequence.Commit(count);
                }
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static byte[] Header(int rows, int columns)
    {
        string shape = string.Create(CultureInfo.InvariantCulture, $"({rows}, {columns})");
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}";

        // Magic, version and length take 10 bytes; the whole is padded to a multiple of 64 and ends with a line feed.
        int length = (10 + text.Length + 1 + 63) / 64 * 64 - 10;
        byte[] header = new byte[10 + length];
        header[0] = 0x93;
        Encoding.Latin1.GetBytes("NUMPY", header.AsSpan(1));
        header[6] = 1;
        header[7] = 0;
        BitConverter.TryWriteBytes(header.AsSpan(8), (ushort)length);
        Encoding.Latin1.GetBytes(text.PadRight(length - 1) + "\n", header.AsSpan(10));
        return header;
    }
}
