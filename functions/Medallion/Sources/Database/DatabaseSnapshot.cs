using System.Data.Common;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>A database as it was at one moment: a connection in a transaction whose statements all see the same rows.</summary>
internal sealed class DatabaseSnapshot : IAsyncDisposable
{
    private const string Advice = "Check the definition of the source, and what the connection's user may read.";
    private readonly DatabaseConnection database;
    private DbTransaction? transaction;

    private DatabaseSnapshot(DatabaseConnection database) => this.database = database;

    /// <summary>The database's SQL.</summary>
    public ISqlDialect Dialect => database.Dialect;

    private DbConnection Connection => database.Connection;

    private DbTransaction Transaction => transaction ?? throw new InvalidOperationException("The connection is not open.");

    /// <summary>Connects.</summary>
    /// <exception cref="TransientException">The database does not answer.</exception>
    /// <exception cref="TerminalException">There is no such connection, or the database refuses it. No message holds its secrets.</exception>
    public static async Task<DatabaseSnapshot> OpenAsync(Connections connections, IEnumerable<ISqlDialect> dialects, SqlDefinition source, CancellationToken cancellationToken)
    {
        var snapshot = new DatabaseSnapshot(await DatabaseConnection.OpenAsync(connections, dialects, source.Connection, Advice, cancellationToken));
        try
        {
            await snapshot.database.GuardAsync("a transaction", async () => snapshot.transaction = await snapshot.Dialect.BeginAsync(snapshot.Connection, cancellationToken), cancellationToken);
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
        await database.GuardAsync("the columns of the source", async () => columns = await Dialect.DescribeAsync(Connection, Transaction, select, cancellationToken), cancellationToken);
        return [.. columns.Zip(File.ColumnNames.ForTable(columns.Select(c => c.Source)), (column, name) => column with { Name = name })];
    }

    /// <summary>The texts of the only row of a SELECT.</summary>
    public async Task<IReadOnlyList<string?>> RowAsync(string select, CancellationToken cancellationToken)
    {
        var values = new List<string?>();
        await database.GuardAsync(
            "what there is to read",
            async () =>
            {
                await using var command = Connection.CreateCommand();
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
        database.GuardAsync("its rows", () => Dialect.ReadAsync(Connection, Transaction, select, columns, rows, full, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await (transaction?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
        catch (Exception error) when (error is DbException or IOException or InvalidOperationException)
        {
            // It was only read: a connection that is gone has nothing left to end.
        }

        await database.DisposeAsync();
    }
}
