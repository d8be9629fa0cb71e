using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>At most 2,048 rows of a result, by column. Belongs to its <see cref="DuckDbResult"/>: valid until that gives the next one or is disposed.</summary>
public sealed class DuckDbChunk
{
    private readonly DuckDbVector[] columns;

    internal DuckDbChunk(ChunkHandle handle, IReadOnlyList<DuckDbType> types)
    {
        Rows = (int)NativeMethods.DataChunkGetSize(handle);
        columns = [.. types.Select((type, i) => new DuckDbVector(handle, NativeMethods.DataChunkGetVector(handle, (ulong)i), type, Rows))];
    }

    /// <summary>At least 1.</summary>
    public int Rows { get; }

    /// <summary>The values of a column, 0-based.</summary>
    public DuckDbVector this[int column] => columns[column];
}
