using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using MySqlConnector;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>MySQL and MariaDB: rows come through the driver's reader, one at a time.</summary>
internal sealed class MySqlDialect : ISqlDialect
{
    private const uint StatementSeconds = 300;

    /// <inheritdoc/>
    public string Provider => "mysql";

    /// <inheritdoc/>
    public DbConnection Connect(string connectionString, ICollection<string> secrets)
    {
        var settings = new MySqlConnectionStringBuilder(connectionString) { TreatTinyAsBoolean = true, GuidFormat = MySqlGuidFormat.None };
        secrets.Add(settings.Password);
        var says = new DbConnectionStringBuilder { ConnectionString = connectionString };
        if (settings.ConnectionProtocol != MySqlConnectionProtocol.Unix && !Hosts.AreLoopback(settings.Server))
        {
            settings.SslMode = !says.ContainsKey("SSL Mode") && !says.ContainsKey("SslMode") ? MySqlSslMode.VerifyFull
                : settings.SslMode >= MySqlSslMode.Required ? settings.SslMode
                : throw Hosts.Unprotected("SSL Mode=VerifyFull");
        }

        if (!says.ContainsKey("Default Command Timeout") && !says.ContainsKey("DefaultCommandTimeout") && !says.ContainsKey("Command Timeout"))
        {
            settings.DefaultCommandTimeout = StatementSeconds;
        }

        return new MySqlConnection(settings.ConnectionString);
    }

    /// <inheritdoc/>
    public async Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "set time_zone = '+00:00', sql_mode = ''";
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        // START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY
        return await ((MySqlConnection)connection).BeginTransactionAsync(IsolationLevel.Snapshot, isReadOnly: true, cancellationToken);
    }

    /// <inheritdoc/>
    public string Identifier(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    /// <inheritdoc/>
    public string Literal(SqlColumn column, string text) =>
        column is { IsRanged: true, IsTime: false } && column.SourceType != "float" && column.SourceType != "double" ? RequireNumber(text)
        : $"'{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    /// <inheritdoc/>
    public string TextOf(SqlColumn column, string expression) => $"cast({expression} as char)";

    /// <inheritdoc/>
    public string Before(SqlColumn column, string literal, TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"cast(cast({literal} as datetime(6)) - interval {span.TotalSeconds:0} second as {(column.Type == "DATE" ? "date" : "datetime(6)")})");

    /// <inheritdoc/>
    public string HasNoPlace(SqlColumn column, string expression) => column.IsTime ? $"({expression} is null or {expression} < '0001-01-01')" : $"({expression} is null)";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SqlColumn>> DescribeAsync(DbConnection connection, DbTransaction transaction, string select, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, select);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return [.. (await reader.GetColumnSchemaAsync(cancellationToken)).Cast<MySqlDbColumn>().Select(MySqlTypes.Map)];
    }

    /// <inheritdoc/>
    public async Task ReadAsync(
        DbConnection connection, DbTransaction transaction, string select, IReadOnlyList<SqlColumn> columns, WireTable rows, Func<Task> full, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, select);
        await using var reader = (MySqlDataReader)await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(reader);
            if (rows.IsFull)
            {
                await full();
            }
        }
    }

    /// <inheritdoc/>
    public bool IsTransient(Exception error) => error switch
    {
        MySqlException { IsTransient: true } => true,
        MySqlException { ErrorCode: MySqlErrorCode.CommandTimeoutExpired or MySqlErrorCode.QueryInterrupted or MySqlErrorCode.ServerShutdown or MySqlErrorCode.NormalShutdown } => true,
        MySqlException { InnerException: { } inner } => IsTransient(inner),
        IOException or SocketException or TimeoutException => true,
        _ => false,
    };

    private static string RequireNumber(string text) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        ? text
        : throw new FormatException($"'{text}' is no number.");
}
