using System.Globalization;
using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>One in-memory database and its connection. For one thread at a time; only a token's cancellation may come from another.</summary>
public sealed partial class DuckDbSession : IDisposable
{
    private readonly DatabaseHandle database;
    private readonly ConnectionHandle connection;
    private DuckDbResult? reading;

    private int numbers;

    // False for a session beside another, which owns database and folder.
    private bool isOwner = true;

    private DuckDbSession(DatabaseHandle database, ConnectionHandle connection, string tempDirectory)
    {
        this.database = database;
        this.connection = connection;
        TempDirectory = tempDirectory;
    }

    /// <summary>The session's own folder, deleted with all that is in it by <see cref="Dispose"/>.</summary>
    public string TempDirectory { get; }

    /// <summary>Opens an empty database: times in UTC, no extension loaded from anywhere, rows kept in order.</summary>
    /// <exception cref="DuckDbException">An option has a value that DuckDB does not take.</exception>
    public static DuckDbSession Open(DuckDbOptions options)
    {
        var folder = Path.Combine(options.TempDirectory, Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        DatabaseHandle? database = null;
        ConnectionHandle? connection = null;
        try
        {
            database = OpenDatabase(options, folder);
            _ = NativeMethods.Connect(database, out connection);
            var session = new DuckDbSession(database, connection, folder);
            session.Execute("SET GLOBAL TimeZone = 'UTC'");
            return session;
        }
        catch
        {
            connection?.Dispose();
            database?.Dispose();
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>A second session of the same database, within the same limits; to be disposed before this one.</summary>
    internal DuckDbSession Beside()
    {
        _ = NativeMethods.Connect(database, out var second);
        return new DuckDbSession(database, second, TempDirectory) { isOwner = false };
    }

    /// <summary>Another number with every call, for names.</summary>
    internal int NextNumber() => numbers++;

    /// <summary>Adds a table function. The caller destroys what <paramref name="function"/> points to.</summary>
    internal void Register(nint function, string name)
    {
        if (NativeMethods.RegisterTableFunction(connection, function) != State.Success)
        {
            throw new DuckDbException(DuckDbErrorKind.Catalog, $"DuckDB does not take the table function {name}.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        reading?.Dispose();
        connection.Dispose();
        if (!isOwner)
        {
            return;
        }

        database.Dispose();
        if (Directory.Exists(TempDirectory))
        {
            try
            {
                Directory.Delete(TempDirectory, recursive: true);
            }
            catch (IOException)
            {
                // A download that was cancelled may still put its file there, and this must not hide why. The folder goes when its parent is claimed anew.
            }
        }
    }

    private static DatabaseHandle OpenDatabase(DuckDbOptions options, string folder)
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
            Set("temp_directory", $"{folder}");
            if (options.TempLimitBytes is { } limit)
            {
                Set("max_temp_directory_size", $"{limit}B");
            }

            return NativeMethods.OpenExt(null, out var database, config, out var error) == State.Success
                ? database
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
}
