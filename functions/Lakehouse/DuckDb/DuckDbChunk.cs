using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>At most 2,048 rows of a result, by column. Belongs to its <see cref="DuckDbResult"/>: valid until that gives the next one or is disposed.</summary>
public sealed class DuckDbChunk
{
    private readonly DuckDbVector[] columns;
    private readonly ChunkHandle handle;

    internal DuckDbChunk(ChunkHandle handle, IReadOnlyList<DuckDbType> types)
    {
        this.handle = handle;
        Rows = (int)NativeMethods.DataChunkGetSize(handle);
        columns = [.. types.Select((type, i) => new DuckDbVector(handle, NativeMethods.DataChunkGetVector(handle, (ulong)i), type, Rows))];
    }

    /// <summary>At least 1.</summary>
    public int Rows { get; }

    /// <summary>Makes another chunk of the same columns have these values; they stay as long as one of the two is there.</summary>
    internal void ReferTo(nint output)
    {
        for (var column = 0UL; column < (ulong)columns.Length; column++)
        {
            NativeMethods.VectorReferenceVector(NativeMethods.DataChunkGetVector(output, column), NativeMethods.DataChunkGetVector(handle, column));
        }

        NativeMethods.DataChunkSetSize(output, (ulong)Rows);
    }

    /// <summary>The values of a column, 0-based.</summary>
    public DuckDbVector this[int column] => columns[column];
}
