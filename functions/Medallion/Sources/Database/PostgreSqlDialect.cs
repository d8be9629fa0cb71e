using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>PostgreSQL: rows come by COPY in the binary format.</summary>
internal sealed class PostgreSqlDialect : ISqlDialect
{
    /// <summary>The provider of a connection string that names none.</summary>
    public const string Name = "postgresql";

    private const int StatementSeconds = 300;

    /// <inheritdoc/>
    public string Provider => Name;

    /// <inheritdoc/>
    public DbConnection Connect(string connectionString, ICollection<string> secrets)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { IncludeErrorDetail = false };
        secrets.Add(settings.Password ?? "");
        var says = new DbConnectionStringBuilder { ConnectionString = connectionString };
        if (!Hosts.AreLoopback(settings.Host))
        {
            settings.SslMode = !says.ContainsKey("SSL Mode") && !says.ContainsKey("SslMode") ? SslMode.VerifyFull
                : settings.SslMode >= SslMode.Require ? settings.SslMode
                : throw Hosts.Unprotected("SSL Mode=VerifyFull");
        }

        settings.ApplicationName ??= "pipeline";
        if (!says.ContainsKey("Command Timeout") && !says.ContainsKey("CommandTimeout"))
        {
            settings.CommandTimeout = StatementSeconds;
        }

        return new NpgsqlConnection(settings.ConnectionString);
    }

    /// <inheritdoc/>
    public async Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "set transaction read only; set local timezone = 'UTC'; set local datestyle = 'ISO'; set local extra_float_digits = 1";
        await command.ExecuteNonQueryAsync(cancellationToken);
        return transaction;
    }

    /// <inheritdoc/>
    public string Identifier(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <inheritdoc/>
    public string Literal(SqlColumn column, string text) => $"{Quoted(text)}::{column.SourceType}";

    /// <inheritdoc/>
    public string TextOf(SqlColumn column, string expression) => $"({expression})::text";

    /// <inheritdoc/>
    public string Before(SqlColumn column, string literal, TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"({literal} - interval '{span.TotalSeconds:0} seconds')::{column.SourceType}");

    /// <inheritdoc/>
    public string HasNoPlace(SqlColumn column, string expression) =>
        column.IsTime ? $"({expression} is null or {expression} in ('infinity', '-infinity'))"
        : column.SourceType.StartsWith("numeric", StringComparison.Ordinal) ? $"({expression} is null or {expression} = 'NaN')"
        : $"({expression} is null)";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SqlColumn>> DescribeAsync(DbConnection connection, DbTransaction transaction, string select, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, select);
        await using var reader = (NpgsqlDataReader)await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly, cancellationToken);
        return [.. Enumerable.Range(0, reader.FieldCount).Select(i => PostgreSqlTypes.Map(reader.GetName(i), reader.GetPostgresType(i), reader.GetDataTypeName(i)))];
    }

    /// <inheritdoc/>
    public async Task ReadAsync(
        DbConnection connection, DbTransaction transaction, string select, IReadOnlyList<SqlColumn> columns, WireTable rows, Func<Task> full, CancellationToken cancellationToken)
    {
        await using var stream = await ((NpgsqlConnection)connection).BeginRawBinaryCopyAsync($"copy ({select}) to stdout (format binary)", cancellationToken);
        await new BinaryCopy(columns, rows).ReadAsync(stream, full, cancellationToken);
    }

    /// <inheritdoc/>
    public bool IsTransient(Exception error) => error switch
    {
        // Connection, resources, the operator's doing (a restart, a cancelled statement), conflicts, I/O.
        PostgresException { SqlState: var state } => state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal)
            || state.StartsWith("57", StringComparison.Ordinal) || state.StartsWith("40", StringComparison.Ordinal) || state.StartsWith("58", StringComparison.Ordinal) || state == "55P03",
        NpgsqlException { InnerException: { } inner } => inner is IOException or SocketException or TimeoutException || IsTransient(inner),
        IOException or SocketException or TimeoutException => true,
        _ => false,
    };

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
