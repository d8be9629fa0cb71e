using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.Data.SqlClient;
using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>SQL Server and Azure SQL: rows come through the driver's reader, one at a time.</summary>
internal sealed class SqlServerDialect : ISqlDialect
{
    /// <summary>What a connection string says.</summary>
    public const string Name = "sqlserver";

    private const int StatementSeconds = 300;

    // A connection that breaks or is not to be had, a timeout, a deadlock, a lock that was waited for, a conflict of snapshots, and what Azure SQL says while it moves a database
    // (https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues).
    private static readonly HashSet<int> Passing =
        [-2, 2, 20, 40, 53, 64, 121, 233, 258, 926, 1205, 1222, 3960, 4221, 10053, 10054, 10060, 10061, 10928, 10929, 11001, 40143, 40197, 40501, 40540, 40613, 49918, 49919, 49920];

    /// <inheritdoc/>
    public string Provider => Name;

    /// <inheritdoc/>
    public DbConnection Connect(string connectionString, ICollection<string> secrets)
    {
        var settings = new SqlConnectionStringBuilder(connectionString) { PersistSecurityInfo = false };
        secrets.Add(settings.Password);
        var says = new DbConnectionStringBuilder { ConnectionString = connectionString };
        if (IsLoopback(settings.DataSource))
        {
            settings.Encrypt = says.ContainsKey("Encrypt") ? settings.Encrypt : SqlConnectionEncryptOption.Optional;
        }
        else if (settings.Encrypt == SqlConnectionEncryptOption.Optional)
        {
            throw Hosts.Unprotected("Encrypt=True");
        }

        if (!says.ContainsKey("Application Name") && !says.ContainsKey("App"))
        {
            settings.ApplicationName = "pipeline";
        }

        if (!says.ContainsKey("Command Timeout"))
        {
            settings.CommandTimeout = StatementSeconds;
        }

        return new SqlConnection(settings.ConnectionString);
    }

    /// <inheritdoc/>
    /// <exception cref="TerminalException">The database keeps no versions of rows, so that a reader would see some as they were and others as they became.</exception>
    public async Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        int snapshot;
        bool readCommitted;
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "set nocount on; set textsize 2147483647; select cast(snapshot_isolation_state as int), is_read_committed_snapshot_on from sys.databases where database_id = db_id()";
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            (snapshot, readCommitted) = (reader.GetInt32(0), reader.GetBoolean(1));
        }

        var isolation = snapshot == 1 ? IsolationLevel.Snapshot
            : readCommitted ? IsolationLevel.ReadCommitted
            : throw new TerminalException("The database keeps no versions of rows, so that what is read while others write would be of no one moment. Run ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON once, as its owner.");
        return await connection.BeginTransactionAsync(isolation, cancellationToken);
    }

    /// <inheritdoc/>
    public string Identifier(string name) => $"[{name.Replace("]", "]]", StringComparison.Ordinal)}]";

    /// <inheritdoc/>
    public string Literal(SqlColumn column, string text) => column.SourceType switch
    {
        "datetime" or "smalldatetime" or "datetime2" or "datetimeoffset" or "date" => $"convert({column.SourceType}, {Quoted(text)}, 126)",
        "timestamp" or "rowversion" => $"convert(binary(8), {Quoted(text)}, 1)",
        "binary" or "varbinary" => $"convert(varbinary(max), {Quoted(text)}, 1)",
        "uniqueidentifier" => $"convert(uniqueidentifier, {Quoted(text)})",
        "float" or "real" => $"convert({column.SourceType}, {Quoted(text)})",
        _ when column.IsRanged => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? text : throw new FormatException($"'{text}' is no number."),
        _ => Quoted(text),
    };

    /// <inheritdoc/>
    public string TextOf(SqlColumn column, string expression) => column.SourceType switch
    {
        "datetime" or "smalldatetime" or "datetime2" or "datetimeoffset" or "date" => $"convert(nvarchar(40), {expression}, 126)",
        "timestamp" or "rowversion" or "binary" or "varbinary" => $"convert(nvarchar(max), cast({expression} as varbinary(max)), 1)",
        "float" or "real" => $"convert(nvarchar(40), {expression}, 3)",
        "money" or "smallmoney" => $"convert(nvarchar(40), {expression}, 2)",
        _ => $"convert(nvarchar(max), {expression})",
    };

    /// <inheritdoc/>
    public string Before(SqlColumn column, string literal, TimeSpan span) => column.SourceType == "date"
        ? string.Create(CultureInfo.InvariantCulture, $"cast(dateadd(second, -{span.TotalSeconds:0}, cast({literal} as datetime2)) as date)")
        : string.Create(CultureInfo.InvariantCulture, $"dateadd(second, -{span.TotalSeconds:0}, {literal})");

    /// <inheritdoc/>
    public string HasNoPlace(SqlColumn column, string expression) => $"({expression} is null)";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SqlColumn>> DescribeAsync(DbConnection connection, DbTransaction transaction, string select, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, select);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly, cancellationToken);
        return [.. (await reader.GetColumnSchemaAsync(cancellationToken)).Select(c => SqlServerTypes.Map(c.ColumnName, c.DataTypeName ?? "", c.NumericPrecision ?? 0, c.NumericScale ?? 0))];
    }

    /// <inheritdoc/>
    public async Task ReadAsync(
        DbConnection connection, DbTransaction transaction, string select, IReadOnlyList<SqlColumn> columns, WireTable rows, Func<Task> full, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, select);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
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
        // From 20 on the server ends the connection.
        SqlException sql => sql.Class >= 20 || sql.Errors.Cast<SqlError>().Any(e => Passing.Contains(e.Number)),
        DbException { IsTransient: true } => true,
        IOException or SocketException or TimeoutException => true,
        _ => false,
    };

    /// <summary>Whether a data source such as <c>tcp:db.example.com,1433</c> or <c>.\instance</c> is on this machine.</summary>
    internal static bool IsLoopback(string dataSource)
    {
        var at = dataSource.IndexOf(':', StringComparison.Ordinal);
        var host = (at is > 0 and < 6 && !dataSource.StartsWith('[') ? dataSource[(at + 1)..] : dataSource).Split(',', '\\')[0].Trim();
        return host is "." or "(local)" || host.Equals("(localdb)", StringComparison.OrdinalIgnoreCase) || (host.Length > 0 && Hosts.AreLoopback(host));
    }

    private static string Quoted(string text) => $"N'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
