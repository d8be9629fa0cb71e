using System.Globalization;
using Microsoft.Data.SqlClient;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>SQL Server and Azure SQL: one transaction does all, from the lock to the record. Rows go by bulk copy.</summary>
internal sealed partial class SqlServerTarget : ITargetDialect
{
    private const string Changed = "#pipeline_changed";
    private const string Gone = "#pipeline_gone";

    // Bytes of a clustered key, two for each character.
    private const int KeyBytes = 900;

    /// <inheritdoc/>
    public string Provider => SqlServerDialect.Name;

    /// <inheritdoc/>
    public bool PadsTexts => true;

    /// <inheritdoc/>
    public TargetColumn Map(string name, string type, int sharing) => type switch
    {
        "BOOLEAN" => TargetColumn.Same(name, "bit"),
        "TINYINT" => TargetColumn.Cast(name, "smallint", "smallint"),
        "SMALLINT" => TargetColumn.Same(name, "smallint"),
        "INTEGER" => TargetColumn.Same(name, "int"),
        "BIGINT" => TargetColumn.Same(name, "bigint"),
        "FLOAT" => Finite(name, "real"),
        "DOUBLE" => Finite(name, "float"),
        "VARCHAR" => TargetColumn.Same(name, string.Create(CultureInfo.InvariantCulture, $"nvarchar({(sharing == 0 ? "max" : KeyBytes / 2 / sharing)}) collate Latin1_General_100_BIN2")),
        "BLOB" => TargetColumn.Same(name, string.Create(CultureInfo.InvariantCulture, $"varbinary({(sharing == 0 ? "max" : KeyBytes / sharing)})")),
        "DATE" => TargetColumn.Same(name, "date"),
        "TIMESTAMP WITH TIME ZONE" => TargetColumn.Same(name, "datetimeoffset(6)"),
        _ when type.StartsWith("DECIMAL(", StringComparison.Ordinal) && type.EndsWith(')') => TargetColumn.Same(name, type.ToLowerInvariant()),
        _ => TargetColumn.AsJson(name, "nvarchar(max)"),
    };

    /// <inheritdoc/>
    public async Task<TargetState> BeginAsync(TargetDatabase database, TargetTable table, CancellationToken cancellationToken)
    {
        await database.ExecuteAsync("a session", "set xact_abort on; set lock_timeout 60000", [], cancellationToken);
        var schema = (await database.QueryAsync("its schema", "select coalesce(@p0, schema_name())", [table.Schema], cancellationToken))[0][0] as string
            ?? throw new TerminalException($"The connection's user has no schema of its own for the table '{table.Name}': write SCHEMA.{table.Name} in pipeline.yaml.");
        var records = database.Qualified(schema, ServedRecord.Table);
        await database.BeginAsync(cancellationToken);
        await LockAsync(database, records, cancellationToken);
        await database.ExecuteAsync("the table of the records", CreateRecords(records), [records], cancellationToken);
        await database.CommitAsync(cancellationToken);
        await database.BeginAsync(cancellationToken);
        var target = database.Qualified(schema, table.Name);
        await LockAsync(database, target, cancellationToken);
        var found = (await database.QueryAsync("the target", "select object_id(@p0), object_id(@p0, 'U')", [target], cancellationToken))[0];
        if (found is [not null, null])
        {
            throw new TerminalException($"'{schema}.{table.Name}' is there and is no plain table: expected none, or one that serving made. Choose another 'table' in pipeline.yaml, or drop it.");
        }

        var record = await database.QueryAsync(
            "what was served",
            $"select {string.Join(", ", ServedRecord.Columns.Select(c => c == "served_at" ? $"convert(nvarchar(19), {c}, 120)" : c))} from {records} where target = @p0",
            [table.Name],
            cancellationToken);
        return new TargetState
        {
            Schema = schema,
            Exists = found[0] is not null,
            Record = record.Select(ServedRecord.Of).FirstOrDefault(),
            Dependents = found[0] is { } id ? (await database.QueryAsync("what stands on the target", StandingOn, [id], cancellationToken))[0][0] as string ?? "" : "",
        };
    }

    /// <inheritdoc/>
    public async Task UpsertAsync(
        TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, Func<DuckDbResult> changed, Func<DuckDbResult> gone, CancellationToken cancellationToken)
    {
        var target = database.Qualified(state.Schema, table.Name);
        await AddColumnsAsync(database, table, state, cancellationToken);
        var keys = table.Key.Select(k => table.Columns.First(c => c.Name == k)).ToList();
        await database.ExecuteAsync(
            "temporary tables", $"create table {Changed} ({database.Definitions(table)}); create table {Gone} ({string.Join(", ", keys.Select(c => database.Definition(table, c)))})", [], cancellationToken);
        await LoadAsync(database, Changed, table.Columns, changed, cancellationToken);
        await LoadAsync(database, Gone, keys, gone, cancellationToken);
        await database.ExecuteAsync("the changes", Merge(database.Identifier, table, target), [], cancellationToken);
        await NoteAsync(database, table, state, record, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task NoteAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, CancellationToken cancellationToken)
    {
        var records = database.Qualified(state.Schema, ServedRecord.Table);
        await database.ExecuteAsync(
            "the record of what was served",
            $"delete from {records} where target = @p0; insert into {records} ({string.Join(", ", ServedRecord.Columns)}) values ({string.Join(", ", ServedRecord.Columns.Select((_, i) => $"@p{i}"))})",
            record.Values,
            cancellationToken);
        await database.CommitAsync(cancellationToken);
    }

    /// <summary>Rows that are gone are deleted, those that are there get their values, the others are added.</summary>
    internal static string Merge(Func<string, string> identifier, TargetTable table, string target)
    {
        var names = string.Join(", ", table.Columns.Select(c => identifier(c.Name)));
        var same = string.Join(" and ", table.Key.Select(identifier).Select(k => $"t.{k} = s.{k}"));
        var others = table.Others.Select(c => identifier(c.Name)).ToList();
        var update = others.Count == 0 ? "" : $"update t set {string.Join(", ", others.Select(o => $"{o} = s.{o}"))} from {target} t join {Changed} s on {same};\n";
        return $"""
            delete t from {target} t join {Gone} s on {same};
            {update}insert into {target} ({names}) select {names} from {Changed} s where not exists (select 1 from {target} t where {same});
            drop table {Changed}; drop table {Gone}
            """;
    }

    private static TargetColumn Finite(string name, string type)
    {
        var column = Sql.Identifier(name);
        return new(name, type, $"case when {column} is null or isfinite({column}) then {column} else error({Sql.Literal($"The column '{name}' has a value that is not a number or infinite, which SQL Server cannot hold. Make it null in the model.")}) end");
    }

    private static string CreateRecords(string records) => $"""
        if object_id(@p0) is null create table {records} (target nvarchar(128) collate Latin1_General_100_BIN2 not null primary key, load_id nvarchar(64) not null, pipeline nvarchar(255) not null, source nvarchar(255) not null,
            table_id nvarchar(255) not null, version bigint not null, definition nvarchar(255) not null, shape nvarchar(max) not null, content nvarchar(255) null, run_number bigint not null, row_count bigint not null, served_at datetime2(0) not null)
        """;

    // The lock ends with the transaction.
    private static async Task LockAsync(TargetDatabase database, string what, CancellationToken cancellationToken)
    {
        var granted = await database.QueryAsync(
            "a lock", "declare @granted int; exec @granted = sp_getapplock @Resource = @p0, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 60000; select @granted", [$"pipeline/{what}"], cancellationToken);
        if (Convert.ToInt32(granted[0][0] ?? -1, CultureInfo.InvariantCulture) < 0)
        {
            throw new TransientException($"Another serving of {what} is still going on. It may pass.");
        }
    }

    private static async Task AddColumnsAsync(TargetDatabase database, TargetTable table, TargetState state, CancellationToken cancellationToken)
    {
        var known = state.Record?.Shape.Columns ?? [];
        foreach (var column in table.Columns.Where(c => !known.Contains($"{c.Name} {c.Type}")))
        {
            await database.ExecuteAsync($"the new column '{column.Name}'", $"alter table {database.Qualified(state.Schema, table.Name)} add {database.Definition(table, column)}", [], cancellationToken);
        }
    }

    private static Task LoadAsync(TargetDatabase database, string table, IReadOnlyList<TargetColumn> columns, Func<DuckDbResult> rows, CancellationToken cancellationToken) => database.GuardAsync(
        "its rows",
        async () =>
        {
            using var copy = new SqlBulkCopy((SqlConnection)database.Connection, SqlBulkCopyOptions.TableLock | SqlBulkCopyOptions.CheckConstraints, (SqlTransaction?)database.Transaction)
            {
                DestinationTableName = table,
                EnableStreaming = true,
                BulkCopyTimeout = 0,
            };
            foreach (var column in columns)
            {
                copy.ColumnMappings.Add(column.Name, column.Name);
            }

            using var result = rows();
            await using var reader = new ChunkReader(result);
            await copy.WriteToServerAsync(reader, cancellationToken);
        },
        cancellationToken);
}
