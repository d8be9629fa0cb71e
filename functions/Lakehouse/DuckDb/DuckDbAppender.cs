using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Adds rows to a table without SQL. Rows are written in batches as they come; those since the last batch are lost without <see cref="Complete"/>.</summary>
public sealed class DuckDbAppender : IDisposable
{
    private readonly AppenderHandle handle;
    private bool completed;

    internal DuckDbAppender(ConnectionHandle connection, string? schema, string table)
    {
        var state = NativeMethods.AppenderCreate(connection, schema, table, out handle);
        if (state != State.Success)
        {
            var failure = Failure();
            handle.Dispose();
            throw failure;
        }
    }

    /// <summary>Adds one row.</summary>
    /// <param name="values">One per column of the table, in its order, of the types that <see cref="DuckDbResult"/> lists, nested ones excepted; DuckDB casts them.</param>
    /// <exception cref="DuckDbException">A value cannot be cast, or there are too many or too few.</exception>
    public void Append(params ReadOnlySpan<object?> values)
    {
        foreach (var value in values)
        {
            var native = DuckDbSession.CreateValue(value);
            var state = NativeMethods.AppendValue(handle, native);
            NativeMethods.DestroyValue(ref native);
            Check(state);
        }

        Check(NativeMethods.AppenderEndRow(handle));
    }

    /// <summary>Adds a text to the row that was begun; <see cref="EndRow"/> ends it.</summary>
    /// <param name="utf8">Valid UTF-8.</param>
    /// <exception cref="DuckDbException">The column does not take it.</exception>
    public unsafe void AppendText(ReadOnlySpan<byte> utf8)
    {
        fixed (byte* text = utf8)
        {
            byte nothing;
            Check(NativeMethods.AppendVarchar(handle, text is null ? &nothing : text, (ulong)utf8.Length));
        }
    }

    /// <summary>Adds a number to the row that was begun.</summary>
    /// <exception cref="DuckDbException">The column does not take it.</exception>
    public void AppendNumber(long value) => Check(NativeMethods.AppendInt64(handle, value));

    /// <summary>Adds a floating-point number to the row that was begun.</summary>
    /// <exception cref="DuckDbException">The column does not take it.</exception>
    public void AppendReal(double value) => Check(NativeMethods.AppendDouble(handle, value));

    /// <summary>Adds bytes to the row that was begun.</summary>
    /// <exception cref="DuckDbException">The column does not take them.</exception>
    public unsafe void AppendBytes(ReadOnlySpan<byte> value)
    {
        fixed (byte* data = value)
        {
            byte nothing;
            Check(NativeMethods.AppendBlob(handle, data is null ? &nothing : data, (ulong)value.Length));
        }
    }

    /// <summary>Adds a missing value to the row that was begun.</summary>
    /// <exception cref="DuckDbException">The row is full.</exception>
    public void AppendNothing() => Check(NativeMethods.AppendNull(handle));

    /// <summary>Ends the row that was begun.</summary>
    /// <exception cref="DuckDbException">It has too few values.</exception>
    public void EndRow() => Check(NativeMethods.AppenderEndRow(handle));

    /// <summary>Writes what is left and ends the appender.</summary>
    /// <exception cref="DuckDbException">A row breaks a constraint of the table.</exception>
    public void Complete()
    {
        Check(NativeMethods.AppenderClose(handle));
        completed = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!completed && !handle.IsClosed)
        {
            _ = NativeMethods.AppenderClear(handle);
        }

        handle.Dispose();
    }

    private void Check(State state)
    {
        if (state != State.Success)
        {
            throw Failure();
        }
    }

    private DuckDbException Failure() => DuckDbException.FromNative(NativeText.Borrowed(NativeMethods.AppenderError(handle)), sql: "");
}
