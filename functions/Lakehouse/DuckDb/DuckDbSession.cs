using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>One in-memory database and its connection. For one thread at a time; only a token's cancellation may come from another.</summary>
public sealed partial class DuckDbSession : IDisposable
{
    private readonly DuckDbDatabase database;
    private readonly ConnectionHandle connection;
    private readonly DuckDbPool? pool;

    // The database's own where it has no other session.
    private readonly string? catalog;
    private DuckDbResult? reading;
    private int numbers;

    // What is the database's, and not only the session's, was changed.
    private bool isSpent;

    // False for a session beside another, which owns database and folder.
    private bool isOwner = true;

    private DuckDbSession(DuckDbDatabase database, ConnectionHandle connection, string tempDirectory, DuckDbPool? pool, string? catalog)
    {
        (this.database, this.connection, this.pool, this.catalog) = (database, connection, pool, catalog);
        TempDirectory = tempDirectory;
    }

    /// <summary>The session's own folder, deleted with all that is in it by <see cref="Dispose"/>.</summary>
    public string TempDirectory { get; }

    /// <summary>The catalog in which it makes tables and views; that of a database without other sessions has the name that DuckDB gives it.</summary>
    internal string Catalog => catalog ?? "memory";

    /// <summary>Opens an empty database: times in UTC, no extension loaded from anywhere, rows kept in order.</summary>
    /// <exception cref="DuckDbException">An option has a value that DuckDB does not take.</exception>
    public static DuckDbSession Open(DuckDbOptions options) => Open(options, null, folder => DuckDbDatabase.Open(options, folder));

    /// <summary>Opens a session in a database that a pool keeps.</summary>
    internal static DuckDbSession Open(DuckDbOptions options, DuckDbPool? pool, Func<string, DuckDbDatabase> open)
    {
        var folder = Path.Combine(options.TempDirectory, Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        DuckDbDatabase? database = null;
        DuckDbSession? session = null;
        try
        {
            database = open(folder);
            session = new DuckDbSession(database, database.Connect(), folder, pool, pool is null ? null : database.NextCatalog());
            session.Execute("SET GLOBAL TimeZone = 'UTC'");
            if (session.catalog is not null)
            {
                session.Execute($"ATTACH ':memory:' AS {session.catalog}; USE {session.catalog}");
            }

            return session;
        }
        catch
        {
            session?.connection.Dispose();
            database?.Dispose();
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>A second session of the same database, within the same limits; to be disposed before this one.</summary>
    internal DuckDbSession Beside()
    {
        var second = new DuckDbSession(database, database.Connect(), TempDirectory, null, null) { isOwner = false };
        if (catalog is not null)
        {
            second.Execute($"USE {catalog}");
        }

        return second;
    }

    /// <summary>Another number with every call, for names.</summary>
    internal int NextNumber() => numbers++;

    /// <summary>Adds a table function. The caller destroys what <paramref name="function"/> points to.</summary>
    internal void Register(nint function, string name)
    {
        isSpent = true;
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

        if (pool is null || isSpent || !TryForget())
        {
            database.Dispose();
        }
        else
        {
            pool.Return(database);
        }

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

    // All that was made is in the catalog, but for what was read of files.
    private bool TryForget()
    {
        try
        {
            using var last = new DuckDbSession(database, database.Connect(), TempDirectory, null, null) { isOwner = false };
            last.Execute($"DETACH {catalog}; SET GLOBAL enable_external_file_cache = false; SET GLOBAL enable_external_file_cache = true");
            return true;
        }
        catch (DuckDbException)
        {
            return false;
        }
    }
}
