using System.Data.Common;
using System.Net.Sockets;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>A database as it was at one moment: a connection in a transaction whose statements all see the same rows.</summary>
internal sealed class DatabaseSnapshot : IAsyncDisposable
{
    private const string Hidden = "***";
    private readonly DbConnection connection;
    private readonly string name;
    private readonly IReadOnlyList<string> secrets;
    private DbTransaction? transaction;

    private DatabaseSnapshot(DbConnection connection, ISqlDialect dialect, string name, IReadOnlyList<string> secrets) =>
        (this.connection, Dialect, this.name, this.secrets) = (connection, dialect, name, secrets);

    /// <summary>The database's SQL.</summary>
    public ISqlDialect Dialect { get; }

    private DbTransaction Transaction => transaction ?? throw new InvalidOperationException("The connection is not open.");

    /// <summary>Connects.</summary>
    /// <exception cref="TransientException">The database does not answer.</exception>
    /// <exception cref="TerminalException">There is no such connection, or the database refuses it. No message holds its secrets.</exception>
    public static async Task<DatabaseSnapshot> OpenAsync(Connections connections, IEnumerable<ISqlDialect> dialects, SqlDefinition source, CancellationToken cancellationToken)
    {
        var text = connections.Find(source.Connection);
        var secrets = new List<string> { text };
        var (connection, dialect) = Connect(dialects, source.Connection, text, secrets);
        var snapshot = new DatabaseSnapshot(connection, dialect, source.Connection, [.. secrets.Where(s => s.Length > 3)]);
        try
        {
            await snapshot.GuardAsync("a connection", async () => await connection.OpenAsync(cancellationToken), cancellationToken);
            await snapshot.GuardAsync("a transaction", async () => snapshot.transaction = await dialect.BeginAsync(connection, cancellationToken), cancellationToken);
            return snapshot;
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    /// <summary>The columns of a SELECT.</summary>
    public async Task<IReadOnlyList<SqlColumn>> DescribeAsync(string select, CancellationToken cancellationToken)
    {
        IReadOnlyList<SqlColumn> columns = [];
        await GuardAsync("the columns of the source", async () => columns = await Dialect.DescribeAsync(connection, Transaction, select, cancellationToken), cancellationToken);
        return [.. columns.Zip(File.ColumnNames.ForTable(columns.Select(c => c.Source)), (column, name) => column with { Name = name })];
    }

    /// <summary>The texts of the only row of a SELECT.</summary>
    public async Task<IReadOnlyList<string?>> RowAsync(string select, CancellationToken cancellationToken)
    {
        var values = new List<string?>();
        await GuardAsync(
            "what there is to read",
            async () =>
            {
                await using var command = connection.CreateCommand();
                (command.Transaction, command.CommandText) = (Transaction, select);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                await reader.ReadAsync(cancellationToken);
                values.AddRange(Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetString(i)));
            },
            cancellationToken);
        return values;
    }

    /// <summary>Reads the rows of a SELECT.</summary>
    /// <inheritdoc cref="ISqlDialect.ReadAsync" path="/param"/>
    public Task ReadAsync(string select, IReadOnlyList<SqlColumn> columns, WireTable rows, Func<Task> full, CancellationToken cancellationToken) =>
        GuardAsync("its rows", () => Dialect.ReadAsync(connection, Transaction, select, columns, rows, full, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await (transaction?.DisposeAsync() ?? ValueTask.CompletedTask);
            await connection.DisposeAsync();
        }
        catch (Exception error) when (error is DbException or IOException or InvalidOperationException)
        {
            // It was only read: a connection that is gone has nothing left to end.
        }
    }

    private static (DbConnection Connection, ISqlDialect Dialect) Connect(IEnumerable<ISqlDialect> dialects, string name, string text, List<string> secrets)
    {
        try
        {
            var settings = new DbConnectionStringBuilder { ConnectionString = text };
            var provider = settings.TryGetValue("Provider", out var value) ? $"{value}" : PostgreSqlDialect.Name;
            settings.Remove("Provider");
            var dialect = dialects.FirstOrDefault(d => d.Provider.Equals(provider, StringComparison.OrdinalIgnoreCase))
                ?? throw new TerminalException($"its Provider is none that is known: expected {string.Join(", ", dialects.Select(d => d.Provider))}");
            return (dialect.Connect(settings.ConnectionString, secrets), dialect);
        }
        catch (TerminalException error)
        {
            throw new TerminalException($"The setting Connections__{name} cannot be used: {error.Message}.");
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            // The driver's words may repeat the text.
            throw new TerminalException($"The setting Connections__{name} is no connection string: expected KEY=VALUE;… such as Host=db.example.com;Database=northwind;Username=reader;Password=….");
        }
    }

    private async Task GuardAsync(string what, Func<Task> call, CancellationToken cancellationToken)
    {
        try
        {
            await call();
        }
        catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException or InvalidDataException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Dialect.IsTransient(error) || error is OperationCanceledException
                ? new TransientException($"The database of connection '{name}' did not answer, or broke off, while it was asked for {what} ({Describe(error)}). It may pass.")
                : new TerminalException($"The database of connection '{name}' refuses {what} ({Describe(error)}). Check the definition of the source, and what the connection's user may read.");
        }
    }

    // Without the driver's exception itself: nobody knows what it carries.
    private string Describe(Exception error)
    {
        var text = $"{(error is DbException { SqlState: { Length: > 0 } state } ? state : error.GetType().Name)}: {error.Message}";
        return secrets.Aggregate(text, (shown, secret) => shown.Replace(secret, Hidden, StringComparison.Ordinal)).ReplaceLineEndings(" ");
    }
}
