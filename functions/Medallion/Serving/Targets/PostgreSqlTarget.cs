using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>PostgreSQL: one transaction does all, from the lock to the record. Rows go by COPY in the binary format.</summary>
internal sealed partial class PostgreSqlTarget : ITargetDialect
{
    /// <summary>What names of indexes begin with that serving makes.</summary>
    private const string Own = "pipeline_";

    private const string Staging = "pipeline_staging";
    private const string Changed = "pipeline_changed";
    private const string Gone = "pipeline_gone";

    /// <inheritdoc/>
    public string Provider => PostgreSqlDialect.Name;

    /// <inheritdoc/>
    public TargetColumn Map(string name, string type, int sharing) => type switch
    {
        "BOOLEAN" => TargetColumn.Same(name, "boolean"),
        "TINYINT" => TargetColumn.Cast(name, "smallint", "smallint"),
        "SMALLINT" => TargetColumn.Same(name, "smallint"),
        "INTEGER" => TargetColumn.Same(name, "integer"),
        "BIGINT" => TargetColumn.Same(name, "bigint"),
        "FLOAT" => TargetColumn.Same(name, "real"),
        "DOUBLE" => TargetColumn.Same(name, "double precision"),
        "VARCHAR" => TargetColumn.Same(name, "text"),
        "BLOB" => TargetColumn.Same(name, "bytea"),
        "DATE" => TargetColumn.Same(name, "date"),
        "TIMESTAMP WITH TIME ZONE" => TargetColumn.Same(name, "timestamptz"),
        _ when type.StartsWith("DECIMAL(", StringComparison.Ordinal) && type.EndsWith(')') => TargetColumn.Same(name, type.Replace("DECIMAL", "numeric", StringComparison.Ordinal)),
        _ => new(name, "jsonb", $"chr(1) || to_json({Sql.Identifier(name)})::varchar"),
    };

    /// <inheritdoc/>
    public async Task<TargetState> BeginAsync(TargetDatabase database, TargetTable table, CancellationToken cancellationToken)
    {
        var schema = (await database.QueryAsync("its schema", "select coalesce(@p0, current_schema())", [table.Schema], cancellationToken))[0][0] as string
            ?? throw new TerminalException($"The connection's user has no schema of its own for the table '{table.Name}': write SCHEMA.{table.Name} in pipeline.yaml.");
        await CreateRecordsAsync(database, schema, cancellationToken);
        await database.BeginAsync(cancellationToken);

        // Who reads for long is not to keep all others waiting behind us.
        await database.ExecuteAsync("a lock", $"set local lock_timeout = '60s'; set local idle_in_transaction_session_timeout = 0; select pg_advisory_xact_lock({LockOf(schema, table.Name)})", [], cancellationToken);
        var found = await database.QueryAsync(
            "the target", "select c.oid::bigint, c.relkind::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = @p0 and c.relname = @p1", [schema, table.Name], cancellationToken);
        if (found is [[_, not "r"]])
        {
            throw new TerminalException($"'{schema}.{table.Name}' is there and is no plain table: expected none, or one that serving made. Choose another 'table' in pipeline.yaml, or drop it.");
        }

        var records = await database.QueryAsync(
            "what was served", $"select {RecordColumns()} from {database.Qualified(schema, ServedRecord.Table)} where target = @p0", [table.Name], cancellationToken);
        return new TargetState
        {
            Schema = schema,
            Exists = found.Count > 0,
            Record = records.Select(ServedRecord.Of).FirstOrDefault(),
            Dependents = found is [[long oid, _]] ? await DependentsAsync(database, oid, cancellationToken) : "",
        };
    }

    /// <inheritdoc/>
    public async Task UpsertAsync(
        TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, Func<DuckDbResult> changed, Func<DuckDbResult> gone, CancellationToken cancellationToken)
    {
        var target = database.Qualified(state.Schema, table.Name);
        await AddColumnsAsync(database, table, state, cancellationToken);
        await database.ExecuteAsync(
            "temporary tables",
            $"create temp table {Changed} ({database.Definitions(table)}) on commit drop; create temp table {Gone} as select {database.Identifiers(table.Key)} from {Changed} limit 0",
            [],
            cancellationToken);
        await CopyAsync(database, $"pg_temp.{Changed}", table.Columns.Select(c => c.Name), changed, cancellationToken);
        await CopyAsync(database, $"pg_temp.{Gone}", table.Key, gone, cancellationToken);
        var others = table.Others.Select(c => database.Identifier(c.Name)).ToList();
        var names = database.Identifiers(table.Columns.Select(c => c.Name));
        await database.ExecuteAsync(
            "the changes",
            $"""
            delete from {target} t using pg_temp.{Gone} g where {string.Join(" and ", table.Key.Select(k => $"t.{database.Identifier(k)} = g.{database.Identifier(k)}"))};
            insert into {target} ({names}) select {names} from pg_temp.{Changed}
            on conflict ({database.Identifiers(table.Key)}) do {(others.Count == 0 ? "nothing" : $"update set {string.Join(", ", others.Select(o => $"{o} = excluded.{o}"))}")}
            """,
            [],
            cancellationToken);
        await NoteAsync(database, table, state, record, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task NoteAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, CancellationToken cancellationToken)
    {
        var set = ServedRecord.Columns.Skip(1).Select(c => $"{c} = excluded.{c}");
        var values = ServedRecord.Columns.Select((c, i) => c == "served_at" ? $"@p{i}::timestamp at time zone 'UTC'" : $"@p{i}");
        await database.ExecuteAsync(
            "the record of what was served",
            $"insert into {database.Qualified(state.Schema, ServedRecord.Table)} ({string.Join(", ", ServedRecord.Columns)}) values ({string.Join(", ", values)}) on conflict (target) do update set {string.Join(", ", set)}",
            record.Values,
            cancellationToken);
        await database.CommitAsync(cancellationToken);
    }

    private static string RecordColumns() => string.Join(", ", ServedRecord.Columns.Select(c => c == "served_at" ? $"to_char({c} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')" : c));

    // Two that create it at the same time would get in each other's way.
    private static async Task CreateRecordsAsync(TargetDatabase database, string schema, CancellationToken cancellationToken)
    {
        var found = await database.QueryAsync(
            "the records", "select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = @p0 and c.relname = @p1", [schema, ServedRecord.Table], cancellationToken);
        if (found.Count > 0)
        {
            return;
        }

        await database.BeginAsync(cancellationToken);
        await database.ExecuteAsync(
            "the table of the records",
            $"""
            select pg_advisory_xact_lock({LockOf(schema, ServedRecord.Table)});
            create table if not exists {database.Qualified(schema, ServedRecord.Table)} (target text primary key, load_id text not null, pipeline text not null, source text not null, table_id text not null,
                version bigint not null, definition text not null, shape text not null, content text, run_number bigint not null, row_count bigint not null, served_at timestamptz not null)
            """,
            [],
            cancellationToken);
        await database.CommitAsync(cancellationToken);
    }

    private static async Task AddColumnsAsync(TargetDatabase database, TargetTable table, TargetState state, CancellationToken cancellationToken)
    {
        var known = state.Record?.Shape.Columns ?? [];
        foreach (var column in table.Columns.Where(c => !known.Contains($"{c.Name} {c.Type}")))
        {
            await database.ExecuteAsync($"the new column '{column.Name}'", $"alter table {database.Qualified(state.Schema, table.Name)} add column {database.Identifier(column.Name)} {column.Type}", [], cancellationToken);
        }
    }

    private static Task CopyAsync(TargetDatabase database, string table, IEnumerable<string> columns, Func<DuckDbResult> rows, CancellationToken cancellationToken) => database.GuardAsync(
        "its rows",
        async () =>
        {
            await using var stream = await ((NpgsqlConnection)database.Connection).BeginRawBinaryCopyAsync($"copy {table} ({database.Identifiers(columns)}) from stdin (format binary)", cancellationToken);
            try
            {
                using var result = rows();
                await new CopyWriter(result.Columns).WriteAsync(result, stream, cancellationToken);
            }
            catch
            {
                // Closed as it is, it would end well, with the rows that it has.
                await AbandonAsync(stream);
                throw;
            }
        },
        cancellationToken);

    private static async Task AbandonAsync(NpgsqlRawCopyStream stream)
    {
        try
        {
            await stream.CancelAsync();
        }
        catch (Exception error) when (error is NpgsqlException or IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The connection is gone, and the rows with it.
        }
    }

    private static long LockOf(string schema, string name) => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{ServedRecord.Table}/{schema}/{name}")));
}
