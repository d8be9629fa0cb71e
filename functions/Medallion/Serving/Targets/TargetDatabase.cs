using System.Data;
using System.Data.Common;
using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>A database that is written to, with at most one transaction.</summary>
internal sealed class TargetDatabase : IAsyncDisposable
{
    private const int StatementSeconds = 1800;
    private readonly DatabaseConnection database;
    private DbTransaction? transaction;

    private TargetDatabase(DatabaseConnection database, ITargetDialect target) => (this.database, Target) = (database, target);

    /// <summary>How it is served.</summary>
    public ITargetDialect Target { get; }

    /// <summary>The driver's connection.</summary>
    public DbConnection Connection => database.Connection;

    /// <summary>The transaction; null: none was begun.</summary>
    public DbTransaction? Transaction => transaction;

    /// <summary>Connects.</summary>
    /// <exception cref="TransientException">The database does not answer.</exception>
    /// <exception cref="TerminalException">There is no such connection, or the database refuses it, or is none that can be served. No message holds its secrets.</exception>
    public static async Task<TargetDatabase> OpenAsync(
        Connections connections, IEnumerable<ISqlDialect> dialects, IEnumerable<ITargetDialect> targets, ServeDefinition serve, CancellationToken cancellationToken)
    {
        var advice = $"Check what 'serve' says of '{serve.Table}' ({serve.Line}), and what the connection's user may do (docs/serving.md). The target is as it was.";
        var database = await DatabaseConnection.OpenAsync(connections, dialects, serve.Connection, advice, cancellationToken);
        var target = targets.FirstOrDefault(t => t.Provider == database.Dialect.Provider);
        if (target is not null)
        {
            return new TargetDatabase(database, target);
        }

        await database.DisposeAsync();
        throw new TerminalException($"'{serve.Table}' cannot be served to connection '{serve.Connection}', whose provider is {database.Dialect.Provider}: expected one of {string.Join(", ", targets.Select(t => t.Provider))} ({serve.Line}).");
    }

    /// <summary>A name as an identifier.</summary>
    public string Identifier(string name) => database.Dialect.Identifier(name);

    /// <summary>Names as identifiers.</summary>
    public string Identifiers(IEnumerable<string> names) => string.Join(", ", names.Select(Identifier));

    /// <summary>A table's full name.</summary>
    public string Qualified(string schema, string name) => $"{Identifier(schema)}.{Identifier(name)}";

    /// <summary>The columns of a CREATE TABLE; those of the key have a value in every row.</summary>
    public string Definitions(TargetTable table) => string.Join(", ", table.Columns.Select(c => Definition(table, c)));

    /// <summary>A column of a CREATE TABLE.</summary>
    public string Definition(TargetTable table, TargetColumn column) => $"{Identifier(column.Name)} {column.Type} {(table.Key.Contains(column.Name) ? "not null" : "null")}";

    /// <summary>Begins the transaction.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) =>
        GuardAsync("a transaction", async () => transaction = await Connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken), cancellationToken);

    /// <summary>Commits the transaction.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => GuardAsync(
        "the commit",
        async () =>
        {
            var ending = transaction ?? throw new InvalidOperationException("No transaction was begun.");
            await ending.CommitAsync(cancellationToken);
            await ending.DisposeAsync();
            transaction = null;
        },
        cancellationToken);

    /// <summary>Does what may fail at the database.</summary>
    /// <inheritdoc cref="DatabaseConnection.GuardAsync" path="/param"/>
    public Task GuardAsync(string what, Func<Task> call, CancellationToken cancellationToken) => database.GuardAsync(what, call, cancellationToken);

    /// <summary>Runs a statement; its parameters are <c>@p0</c>, <c>@p1</c> ….</summary>
    /// <param name="what">What the database is asked for, for messages.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task ExecuteAsync(string what, string sql, IReadOnlyList<object?> parameters, CancellationToken cancellationToken) => GuardAsync(
        what,
        async () =>
        {
            await using var command = Command(sql, parameters);
            await command.ExecuteNonQueryAsync(cancellationToken);
        },
        cancellationToken);

    /// <summary>The rows of a SELECT of few rows.</summary>
    /// <inheritdoc cref="ExecuteAsync" path="/param"/>
    public async Task<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(string what, string sql, IReadOnlyList<object?> parameters, CancellationToken cancellationToken)
    {
        var rows = new List<IReadOnlyList<object?>>();
        await GuardAsync(
            what,
            async () =>
            {
                await using var command = Command(sql, parameters);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
                }
            },
            cancellationToken);
        return rows;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await (transaction?.DisposeAsync() ?? ValueTask.CompletedTask);
            transaction = null;
            if (Target.Release.Length > 0 && Connection.State == ConnectionState.Open)
            {
                await using var command = Command(Target.Release, []);
                await command.ExecuteNonQueryAsync();
            }
        }
        catch (Exception error) when (error is DbException or IOException or InvalidOperationException)
        {
            // What has no commit is undone, by the server if need be.
        }

        await database.DisposeAsync();
    }

    private DbCommand Command(string sql, IReadOnlyList<object?> parameters)
    {
        var command = Connection.CreateCommand();
        (command.Transaction, command.CommandText, command.CommandTimeout) = (transaction, sql, StatementSeconds);
        foreach (var (value, at) in parameters.Select((value, at) => (value, at)))
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (string.Create(CultureInfo.InvariantCulture, $"p{at}"), value ?? DBNull.Value);
            if (value is null)
            {
                parameter.DbType = DbType.String;
            }

            command.Parameters.Add(parameter);
        }

        return command;
    }
}
