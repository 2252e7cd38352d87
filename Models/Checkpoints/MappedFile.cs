using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Tokenwright.Models.Checkpoints;

/// <summary>A file mapped into memory for reading, from the first byte to the last.</summary>
/// <remarks>Disposing while another thread reads is not safe.</remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    /// <summary>Maps a file.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="CheckpointException">It is absent, empty or unreadable.</exception>
    public MappedFile(string path)
    {
        try
        {
            // Not what FileInfo says: downloaders put links in place of files, and a link has a length of its own.
            using SafeFileHandle handle = File.OpenHandle(path);
            Length = RandomAccess.GetLength(handle);
            if (Length == 0)
            {
                throw new CheckpointException(
                    $"{path}: the file has 0 bytes, too few for any header. It was not downloaded completely; download it again."
                );
            }

            _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _file?.Dispose();
            throw new CheckpointException($"{path}: cannot be read ({error.Message}) Check the path and its permissions.", error);
        }

        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Start = start + _view.PointerOffset;
    }

    /// <summary>The first byte.</summary>
    public byte* Start { get; }

    /// <summary>Number of bytes.</summary>
    public long Length { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view.Dispose();
        _file.Dispose();
    }
}
