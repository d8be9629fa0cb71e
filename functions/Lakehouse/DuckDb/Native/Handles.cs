using Microsoft.Win32.SafeHandles;

namespace Pipeline.Lakehouse.DuckDb.Native;

internal abstract class DuckDbHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected sealed override bool ReleaseHandle()
    {
        Destroy(ref handle);
        return true;
    }

    protected abstract void Destroy(ref nint native);
}

internal sealed class DatabaseHandle : DuckDbHandle
{
    protected override void Destroy(ref nint native) => NativeMethods.Close(ref native);
}

internal sealed class ConnectionHandle : DuckDbHandle
{
    protected override void Destroy(ref nint native) => NativeMethods.Disconnect(ref native);
}

internal sealed class StatementsHandle : DuckDbHandle
{
    protected override void Destroy(ref nint native) => NativeMethods.DestroyExtracted(ref native);
}

internal sealed class PreparedHandle : DuckDbHandle
{
    protected override void Destroy(ref nint native) => NativeMethods.DestroyPrepare(ref native);
}

internal sealed class PendingHandle : DuckDbHandle
{
    protected override void Destroy(ref nint native) => NativeMethods.DestroyPending(ref native);
}

internal sealed class LogicalTypeHandle : DuckDbHandle
{
    protected override void Destroy(ref nint native) => NativeMethods.DestroyLogicalType(ref native);
}

internal sealed class ChunkHandle : DuckDbHandle
{
    protected override void Destroy(ref nint native) => NativeMethods.DestroyDataChunk(ref native);
}

internal sealed class AppenderHandle : DuckDbHandle
{
    protected override void Destroy(ref nint native) => _ = NativeMethods.AppenderDestroy(ref native);
}
