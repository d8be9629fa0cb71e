using System.Globalization;
using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Rows of a query, produced while they are read. Its session runs no other statement until it is read to the end or disposed.</summary>
/// <remarks>Row access gives: BOOLEAN bool; integers their CLR kin, HUGEINT <see cref="Int128"/>, UHUGEINT <see cref="UInt128"/>; DECIMAL decimal, or text where a decimal is
/// too short; FLOAT float, DOUBLE double; VARCHAR, JSON, ENUM and INTERVAL string; BLOB byte[]; DATE DateOnly; TIME TimeOnly; TIMESTAMP DateTime (unspecified);
/// TIMESTAMP WITH TIME ZONE DateTimeOffset (UTC); UUID Guid; LIST and ARRAY <c>List&lt;object?&gt;</c>; STRUCT and MAP <c>Dictionary&lt;string, object?&gt;</c>.
/// Other types, and dates outside the years 1 to 9999, are a <see cref="DuckDbException"/> that asks for a cast.</remarks>
public sealed class DuckDbResult : IDisposable
{
    private readonly DuckDbSession session;
    private readonly Interruption interruption;
    private readonly DuckDbType[] types;
    private NativeResult native;
    private ChunkHandle? handle;
    private DuckDbChunk? chunk;
    private int row;
    private bool ended;
    private bool disposed;

    internal DuckDbResult(DuckDbSession session, NativeResult native, Interruption interruption)
    {
        this.session = session;
        this.native = native;
        this.interruption = interruption;
        types = new DuckDbType[NativeMethods.ColumnCount(ref native)];
        var columns = new DuckDbColumn[types.Length];
        for (var i = 0; i < types.Length; i++)
        {
            types[i] = DuckDbType.Read(NativeMethods.ColumnLogicalType(ref native, (ulong)i));
            columns[i] = new DuckDbColumn(NativeText.Borrowed(NativeMethods.ColumnName(ref native, (ulong)i)) ?? "", types[i].ToString());
        }

        Columns = columns;
    }

    /// <summary>In the order of the SELECT list.</summary>
    public IReadOnlyList<DuckDbColumn> Columns { get; }

    /// <summary>The current row's value, after <see cref="Read"/> gave true.</summary>
    public object? this[int column] => chunk is null ? throw new InvalidOperationException("There is no current row: call Read first.") : chunk[column][row];

    internal LogicalTypeHandle LogicalType(int column) => NativeMethods.ColumnLogicalType(ref native, (ulong)column);

    /// <summary>Moves to the next row; false after the last one.</summary>
    public bool Read()
    {
        if (chunk is not null && ++row < chunk.Rows)
        {
            return true;
        }

        row = 0;
        return NextChunk() is not null;
    }

    /// <summary>The current row's value as <typeparamref name="T"/>, numbers converted where they fit; NULL is default.</summary>
    /// <exception cref="OverflowException">The number does not fit.</exception>
    public T? Get<T>(int column) => this[column] switch
    {
        null => default,
        T value => value,
        Int128 value => Change<T>((decimal)value),
        UInt128 value => Change<T>((decimal)value),
        var value => Change<T>(value),
    };

    /// <summary>The rows that are left.</summary>
    public IEnumerable<object?[]> Rows()
    {
        while (Read())
        {
            var values = new object?[types.Length];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = this[i];
            }

            yield return values;
        }
    }

    /// <summary>The next rows by column, or null after the last one. What the chunk before gave is no longer valid.</summary>
    /// <exception cref="DuckDbException">The query failed after its first rows.</exception>
    /// <exception cref="OperationCanceledException">The query's token was cancelled.</exception>
    public DuckDbChunk? NextChunk()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        handle?.Dispose();
        handle = null;
        chunk = null;
        if (ended)
        {
            return null;
        }

        handle = NativeMethods.FetchChunk(native);
        if (!handle.IsInvalid)
        {
            return chunk = new DuckDbChunk(handle, types);
        }

        End();
        var error = NativeText.Borrowed(NativeMethods.ResultError(ref native));
        return error is null ? null : throw interruption.Failure(error);
    }

    /// <summary>Stops the query where it is.</summary>
    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            End();
            chunk = null;
            handle?.Dispose();
            NativeMethods.DestroyResult(ref native);
        }
    }

    private void End()
    {
        ended = true;
        interruption.Dispose();
        session.Ended(this);
    }

    private static T Change<T>(object value) => (T)Convert.ChangeType(value, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T), CultureInfo.InvariantCulture);

}
