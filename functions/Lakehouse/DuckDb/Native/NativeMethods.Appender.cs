using System.Runtime.InteropServices;

namespace Pipeline.Lakehouse.DuckDb.Native;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library, EntryPoint = "duckdb_appender_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial State AppenderCreate(ConnectionHandle connection, string? schema, string table, out AppenderHandle appender);

    [LibraryImport(Library, EntryPoint = "duckdb_appender_destroy")]
    public static partial State AppenderDestroy(ref nint appender);

    [LibraryImport(Library, EntryPoint = "duckdb_appender_clear")]
    public static partial State AppenderClear(AppenderHandle appender);

    [LibraryImport(Library, EntryPoint = "duckdb_appender_close")]
    public static partial State AppenderClose(AppenderHandle appender);

    [LibraryImport(Library, EntryPoint = "duckdb_appender_error")]
    public static partial nint AppenderError(AppenderHandle appender);

    [LibraryImport(Library, EntryPoint = "duckdb_appender_end_row")]
    public static partial State AppenderEndRow(AppenderHandle appender);

    [LibraryImport(Library, EntryPoint = "duckdb_append_varchar_length")]
    public static partial State AppendVarchar(AppenderHandle appender, byte* text, ulong length);

    [LibraryImport(Library, EntryPoint = "duckdb_append_int64")]
    public static partial State AppendInt64(AppenderHandle appender, long value);

    [LibraryImport(Library, EntryPoint = "duckdb_append_double")]
    public static partial State AppendDouble(AppenderHandle appender, double value);

    [LibraryImport(Library, EntryPoint = "duckdb_append_blob")]
    public static partial State AppendBlob(AppenderHandle appender, void* data, ulong length);

    [LibraryImport(Library, EntryPoint = "duckdb_append_null")]
    public static partial State AppendNull(AppenderHandle appender);

    [LibraryImport(Library, EntryPoint = "duckdb_append_value")]
    public static partial State AppendValue(AppenderHandle appender, nint value);
}
