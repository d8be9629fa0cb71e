using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using Oracle.ManagedDataAccess.Client;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Oracle Database: rows come through the driver's reader, one at a time, in a transaction that only reads and so is of one moment.</summary>
internal sealed class OracleDialect : ISqlDialect
{
    private const string Day = "YYYY-MM-DD\"T\"HH24:MI:SS";
    private const string Moment = $"{Day}.FF9";
    private const int StatementSeconds = 300;

    // A session that ends or cannot be had, an instance that starts or stops, a busy row, a snapshot that is too old, and what the network says
    // (https://docs.oracle.com/en/error-help/db/).
    private static readonly HashSet<int> Passing =
    [
        18, 20, 28, 54, 1012, 1033, 1034, 1089, 1090, 1092, 1555, 3113, 3114, 3135, 8177, 12153, 12170, 12224, 12514, 12520, 12528, 12537, 12541, 12543, 12545, 12547, 12571, 50000, 50201,
    ];

    /// <inheritdoc/>
    public string Provider => "oracle";

    /// <inheritdoc/>
    public DbConnection Connect(string connectionString, ICollection<string> secrets)
    {
        var says = new DbConnectionStringBuilder { ConnectionString = connectionString };
        secrets.Add(says.TryGetValue("Password", out var password) ? $"{password}" : "");
        var source = says.TryGetValue("Data Source", out var value) ? $"{value}" : "";
        return IsProtected(source) || IsLoopback(source) ? new OracleConnection(connectionString) : throw Hosts.Unprotected("Data Source=tcps://HOST:PORT/SERVICE");
    }

    /// <inheritdoc/>
    public async Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, null, "alter session set time_zone = '+00:00' nls_numeric_characters = '.,' nls_calendar = 'GREGORIAN'", cancellationToken);
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await ExecuteAsync(connection, transaction, "set transaction read only", cancellationToken);
        return transaction;
    }

    /// <inheritdoc/>
    public string Identifier(string name) => name.Contains('"', StringComparison.Ordinal)
        ? throw new FormatException($"'{name}' is no name that Oracle has: none holds a double quote.")
        : $"\"{name}\"";

    /// <inheritdoc/>
    public string Literal(SqlColumn column, string text) => column switch
    {
        { SourceType: "date" } => $"to_date({Quoted(text)}, '{Day}')",
        { SourceType: "timestamp" } => $"to_timestamp({Quoted(text)}, '{Moment}')",
        { IsTime: true } => $"to_timestamp_tz({Quoted(text)}, '{Moment}TZH:TZM')",
        { Wire: Wire.Bytes } => $"hextoraw({Quoted(text)})",
        { IsRanged: true } => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? text : throw new FormatException($"'{text}' is no number."),
        _ => Quoted(text),
    };

    /// <inheritdoc/>
    public string TextOf(SqlColumn column, string expression) => column switch
    {
        { SourceType: "date" } => $"to_char({expression}, '{Day}')",
        { SourceType: "timestamp" } => $"to_char({expression}, '{Moment}')",
        { IsTime: true } => $"to_char(sys_extract_utc({expression}), '{Moment}') || '+00:00'",
        { Wire: Wire.Bytes } => $"rawtohex({expression})",
        { IsRanged: true } => $"to_char({expression}, 'TM9')",
        _ => $"to_char({expression})",
    };

    /// <inheritdoc/>
    public string Before(SqlColumn column, string literal, TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"({literal} - numtodsinterval({span.TotalSeconds:0}, 'SECOND'))");

    /// <inheritdoc/>
    public string HasNoPlace(SqlColumn column, string expression) => column.IsTime ? $"({expression} is null or {expression} < date '0001-01-01')" : $"({expression} is null)";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SqlColumn>> DescribeAsync(DbConnection connection, DbTransaction transaction, string select, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, transaction, select);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        using var schema = await reader.GetSchemaTableAsync(cancellationToken);
        return [.. Enumerable.Range(0, reader.FieldCount).Select(i => OracleTypes.Map(reader.GetName(i), reader.GetDataTypeName(i), Number(schema, i, "NumericPrecision"), Number(schema, i, "NumericScale")))];
    }

    /// <inheritdoc/>
    public async Task ReadAsync(
        DbConnection connection, DbTransaction transaction, string select, IReadOnlyList<SqlColumn> columns, WireTable rows, Func<Task> full, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, transaction, select);
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
        OracleException oracle => Passing.Contains(oracle.Number) || (oracle.InnerException is { } inner && IsTransient(inner)),
        IOException or SocketException or TimeoutException => true,
        _ => false,
    };

    /// <summary>Whether a data source asks for TLS.</summary>
    internal static bool IsProtected(string source) => source.StartsWith("tcps://", StringComparison.OrdinalIgnoreCase)
        || source.Replace(" ", "", StringComparison.Ordinal).Contains("(PROTOCOL=TCPS)", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a data source such as <c>//localhost:1521/FREEPDB1</c> is on this machine. A name of tnsnames.ora does not tell.</summary>
    internal static bool IsLoopback(string source)
    {
        var at = source.IndexOf("//", StringComparison.Ordinal);
        return !source.Contains('(', StringComparison.Ordinal) && source.Length > 0 && Hosts.AreLoopback((at < 0 ? source : source[(at + 2)..]).Split('/')[0]);
    }

    // Long texts and bytes come with their row.
    private static OracleCommand Command(DbConnection connection, DbTransaction transaction, string sql)
    {
        var command = (OracleCommand)connection.CreateCommand();
        (command.CommandText, command.CommandTimeout, command.Transaction) = (sql, StatementSeconds, transaction);
        (command.InitialLOBFetchSize, command.InitialLONGFetchSize) = (-1, -1);
        return command;
    }

    private static async Task ExecuteAsync(DbConnection connection, DbTransaction? transaction, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static int Number(DataTable? schema, int column, string what) =>
        schema is null || !schema.Columns.Contains(what) || schema.Rows[column][what] is DBNull ? 0 : Convert.ToInt32(schema.Rows[column][what], CultureInfo.InvariantCulture);

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
