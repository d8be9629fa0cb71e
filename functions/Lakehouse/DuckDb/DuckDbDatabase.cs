using System.Globalization;
using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>An in-memory database, with the limits that it was opened with.</summary>
internal sealed class DuckDbDatabase : IDisposable
{
    private readonly DatabaseHandle handle;
    private int catalogs;

    private DuckDbDatabase(DatabaseHandle handle, DuckDbOptions options) => (this.handle, Options) = (handle, options);

    /// <summary>The limits.</summary>
    public DuckDbOptions Options { get; }

    /// <summary>Opens an empty one.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="spill">The folder that it spills to; it need not be there.</param>
    /// <exception cref="DuckDbException">An option has a value that DuckDB does not take.</exception>
    public static DuckDbDatabase Open(DuckDbOptions options, string spill)
    {
        _ = NativeMethods.CreateConfig(out var config);
        try
        {
            Set("errors_as_json", $"true");
            Set("autoinstall_known_extensions", $"false");
            Set("autoload_known_extensions", $"false");
            Set("allow_community_extensions", $"false");
            Set("preserve_insertion_order", $"true");
            Set("memory_limit", $"{options.MemoryLimitBytes}B");
            Set("threads", $"{options.Threads}");
            Set("temp_directory", $"{spill}");
            if (options.TempLimitBytes is { } limit)
            {
                Set("max_temp_directory_size", $"{limit}B");
            }

            return NativeMethods.OpenExt(null, out var database, config, out var error) == State.Success
                ? new DuckDbDatabase(database, options)
                : throw DuckDbException.FromNative(NativeText.Owned(error), sql: "");
        }
        finally
        {
            NativeMethods.DestroyConfig(ref config);
        }

        void Set(string name, FormattableString value)
        {
            var text = value.ToString(CultureInfo.InvariantCulture);
            if (NativeMethods.SetConfig(config, name, text) != State.Success)
            {
                throw new DuckDbException(DuckDbErrorKind.InvalidConfiguration, $"DuckDB does not take {text} as {name}.");
            }
        }
    }

    public ConnectionHandle Connect()
    {
        _ = NativeMethods.Connect(handle, out var connection);
        return connection;
    }

    /// <summary>A name that no catalog of it has had.</summary>
    public string NextCatalog() => string.Create(CultureInfo.InvariantCulture, $"session_{++catalogs}");

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();
}
