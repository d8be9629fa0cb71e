using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>MySQL and MariaDB, whose DDL commits whatever is going on. Which record counts is therefore said by the table itself: its comment names the load that made it,
/// and moves with it where RENAME TABLE puts one table in the place of another. Rows that change in place change with their record in one transaction.</summary>
internal sealed partial class MySqlTarget : ITargetDialect
{
    private const string Mark = "pipeline load ";

    // Bytes of an index, four for each character.
    private const int IndexBytes = 3072;
    private const int LongestText = 255;

    /// <inheritdoc/>
    public string Provider => "mysql";

    /// <inheritdoc/>
    /// <remarks>A session that goes back to the driver's pool would keep them.</remarks>
    public string Release => "do release_all_locks()";

    /// <inheritdoc/>
    public bool PadsTexts => true;

    /// <inheritdoc/>
    public TargetColumn Map(string name, string type, int sharing) => type switch
    {
        "BOOLEAN" => TargetColumn.Same(name, "tinyint(1)"),
        "TINYINT" => TargetColumn.Same(name, "tinyint"),
        "SMALLINT" => TargetColumn.Same(name, "smallint"),
        "INTEGER" => TargetColumn.Same(name, "int"),
        "BIGINT" => TargetColumn.Same(name, "bigint"),
        "FLOAT" => Finite(name, "float"),
        "DOUBLE" => Finite(name, "double"),
        "VARCHAR" => TargetColumn.Same(name, sharing == 0 ? "longtext" : string.Create(CultureInfo.InvariantCulture, $"varchar({Math.Min(LongestText, IndexBytes / 4 / sharing)})")),
        "BLOB" => TargetColumn.Same(name, sharing == 0 ? "longblob" : string.Create(CultureInfo.InvariantCulture, $"varbinary({Math.Min(LongestText, IndexBytes / sharing)})")),
        "DATE" => TargetColumn.Same(name, "date"),
        "TIMESTAMP WITH TIME ZONE" => TargetColumn.Same(name, "datetime(6)"),
        _ when type.StartsWith("DECIMAL(", StringComparison.Ordinal) && type.EndsWith(')') => TargetColumn.Same(name, type.ToLowerInvariant()),
        _ => TargetColumn.AsJson(name, "json"),
    };

    /// <inheritdoc/>
    public async Task<TargetState> BeginAsync(TargetDatabase database, TargetTable table, CancellationToken cancellationToken)
    {
        await database.ExecuteAsync("a session", "set session time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', lock_wait_timeout = 60, innodb_lock_wait_timeout = 60", [], cancellationToken);
        var schema = (await database.QueryAsync("its database", "select coalesce(@p0, database())", [table.Schema], cancellationToken))[0][0] as string
            ?? throw new TerminalException($"The connection names no database for the table '{table.Name}': write DATABASE.{table.Name} in pipeline.yaml, or Database=… in the connection string.");

        // The lock ends with the session, if nobody ends it before.
        var granted = (await database.QueryAsync("a lock", "select get_lock(@p0, 60)", [NameOf("lock", schema, table.Name)], cancellationToken))[0][0];
        if (Convert.ToInt64(granted ?? 0L, CultureInfo.InvariantCulture) != 1)
        {
            throw new TransientException($"Another serving of '{schema}.{table.Name}' is still going on. It may pass.");
        }

        await database.ExecuteAsync(
            "the table of the records",
            $"""
            create table if not exists {database.Qualified(schema, ServedRecord.Table)} (target varchar(64) not null, load_id varchar(64) not null, pipeline varchar(255) not null, source varchar(255) not null, table_id varchar(255) not null,
                version bigint not null, definition varchar(255) not null, shape longtext not null, content varchar(255) null, run_number bigint not null, row_count bigint not null, served_at datetime not null, primary key (target, load_id))
                engine = InnoDB character set utf8mb4 collate utf8mb4_bin
            """,
            [],
            cancellationToken);
        var found = await database.QueryAsync("the target", "select table_type, coalesce(table_comment, '') from information_schema.tables where table_schema = @p0 and table_name = @p1", [schema, table.Name], cancellationToken);
        if (found is [[not "BASE TABLE", _]])
        {
            throw new TerminalException($"'{schema}.{table.Name}' is there and is no plain table: expected none, or one that serving made. Choose another 'table' in pipeline.yaml, or drop it.");
        }

        var load = found is [[_, string comment]] && comment.StartsWith(Mark, StringComparison.Ordinal) ? comment[Mark.Length..] : null;
        await ClearAsync(database, schema, table.Name, load, cancellationToken);
        var records = await database.QueryAsync(
            "what was served",
            $"select {string.Join(", ", ServedRecord.Columns.Select(c => c == "served_at" ? $"date_format({c}, '%Y-%m-%d %H:%i:%s')" : c))} from {database.Qualified(schema, ServedRecord.Table)} where target = @p0 and load_id = @p1",
            [table.Name, load],
            cancellationToken);
        return new TargetState
        {
            Schema = schema,
            Exists = found.Count > 0,
            Record = records.Select(ServedRecord.Of).FirstOrDefault(),
            Dependents = found.Count > 0 ? await DependentsAsync(database, schema, table.Name, cancellationToken) : "",
        };
    }

    /// <inheritdoc/>
    public async Task UpsertAsync(
        TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, Func<DuckDbResult> changed, Func<DuckDbResult> gone, CancellationToken cancellationToken)
    {
        var (target, names) = (database.Qualified(state.Schema, table.Name), database.Identifiers(table.Columns.Select(c => c.Name)));
        var (changedRows, goneRows) = (database.Qualified(state.Schema, "pipeline_changed"), database.Qualified(state.Schema, "pipeline_gone"));
        await AddColumnsAsync(database, table, state, cancellationToken);
        await database.ExecuteAsync("a temporary table", $"create temporary table {changedRows} ({database.Definitions(table)}) {Storage}", [], cancellationToken);
        await database.ExecuteAsync("a temporary table", $"create temporary table {goneRows} ({string.Join(", ", Keys(table).Select(c => database.Definition(table, c)))}) {Storage}", [], cancellationToken);
        await LoadAsync(database, changedRows, table.Columns.Select(c => c.Name), changed, cancellationToken);
        await LoadAsync(database, goneRows, Keys(table).Select(c => c.Name), gone, cancellationToken);
        await database.BeginAsync(cancellationToken);
        await database.ExecuteAsync("the rows that are gone", $"delete t from {target} t join {goneRows} g on {string.Join(" and ", table.Key.Select(database.Identifier).Select(k => $"t.{k} = g.{k}"))}", [], cancellationToken);
        var set = table.Others.Select(c => database.Identifier(c.Name)).DefaultIfEmpty(database.Identifier(table.Key[0])).Select(c => $"{c} = values({c})");
        await database.ExecuteAsync("the rows that changed", $"insert into {target} ({names}) select {names} from {changedRows} on duplicate key update {string.Join(", ", set)}", [], cancellationToken);
        await NoteAsync(database, table, state, record, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task NoteAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, CancellationToken cancellationToken)
    {
        if (database.Transaction is null)
        {
            await database.BeginAsync(cancellationToken);
        }

        await database.ExecuteAsync(
            "the record of what was served",
            $"replace into {database.Qualified(state.Schema, ServedRecord.Table)} ({string.Join(", ", ServedRecord.Columns)}) values ({string.Join(", ", ServedRecord.Columns.Select((_, i) => $"@p{i}"))})",
            record.Values,
            cancellationToken);
        await database.CommitAsync(cancellationToken);
    }

    private const string Storage = "engine = InnoDB character set utf8mb4 collate utf8mb4_bin";

    // These databases have neither.
    private static TargetColumn Finite(string name, string type)
    {
        var column = Sql.Identifier(name);
        return new(name, type, $"case when {column} is null or isfinite({column}) then {column} else error({Sql.Literal($"The column '{name}' has a value that is not a number or infinite, which MySQL and MariaDB cannot hold. Make it null in the model.")}) end");
    }

    // Dropping what a kill left behind needs no transaction: nobody reads it.
    private static async Task ClearAsync(TargetDatabase database, string schema, string name, string? load, CancellationToken cancellationToken)
    {
        foreach (var left in new[] { NameOf("staging", schema, name), NameOf("old", schema, name) })
        {
            await database.ExecuteAsync("the end of a table that was left behind", $"drop table if exists {database.Qualified(schema, left)}", [], cancellationToken);
        }

        await database.ExecuteAsync(
            "the end of records that no longer count", $"delete from {database.Qualified(schema, ServedRecord.Table)} where target = @p0 and load_id <> @p1", [name, load ?? ""], cancellationToken);
    }

    private static IEnumerable<TargetColumn> Keys(TargetTable table) => table.Key.Select(k => table.Columns.First(c => c.Name == k));

    // Names of tables and locks have 64 characters at most.
    private static string NameOf(string what, string schema, string name) => $"pipeline_{what}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{schema}/{name}")).AsSpan(0, 8))}";

    // A column that an attempt added before it was killed is there already.
    private static async Task AddColumnsAsync(TargetDatabase database, TargetTable table, TargetState state, CancellationToken cancellationToken)
    {
        var there = await database.QueryAsync("its columns", "select column_name from information_schema.columns where table_schema = @p0 and table_name = @p1", [state.Schema, table.Name], cancellationToken);
        foreach (var column in table.Columns.Where(c => !there.Any(t => c.Name.Equals(t[0] as string, StringComparison.OrdinalIgnoreCase))))
        {
            await database.ExecuteAsync($"the new column '{column.Name}'", $"alter table {database.Qualified(state.Schema, table.Name)} add column {database.Definition(table, column)}", [], cancellationToken);
        }
    }

    private static async Task LoadAsync(TargetDatabase database, string table, IEnumerable<string> columns, Func<DuckDbResult> rows, CancellationToken cancellationToken)
    {
        using var result = rows();
        var insert = $"insert into {table} ({database.Identifiers(columns)}) values ";
        var batches = new RowBatches(result);
        while (batches.Next() is { Count: > 0 } values)
        {
            var tuples = Enumerable.Range(0, values.Count / batches.Width).Select(row => $"({string.Join(',', Enumerable.Range(row * batches.Width, batches.Width).Select(at => string.Create(CultureInfo.InvariantCulture, $"@p{at}")))})");
            await database.ExecuteAsync("its rows", insert + string.Join(',', tuples), values, cancellationToken);
        }
    }
}
