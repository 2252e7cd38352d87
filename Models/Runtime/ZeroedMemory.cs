using System.Runtime.InteropServices;

namespace Tokenwright.Models.Runtime;

/// <summary>
/// Memory of zeros outside the managed heap. Large blocks are fresh pages that the system hands out as zeros when they are first
/// touched, so room that is not used yet costs neither time nor memory.
/// </summary>
internal sealed unsafe class ZeroedMemory : SafeHandle
{
    /// <summary>A cache line, and the widest vector of a kernel.</summary>
    private const int Alignment = 64;

    /// <param name="bytes">Its length.</param>
    public ZeroedMemory(long bytes)
        : base(0, ownsHandle: true) => SetHandle((nint)NativeMemory.AllocZeroed((nuint)(bytes + Alignment)));

    /// <summary>The first byte, at the start of a cache line.</summary>
    public nint Start => (handle + Alignment - 1) / Alignment * Alignment;

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
