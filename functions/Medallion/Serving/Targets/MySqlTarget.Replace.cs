using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Serving.Targets;

/// <content>All rows anew: another table takes the target's place, unless something else stands on it. Views and grants go by name here and stay.</content>
internal sealed partial class MySqlTarget
{
    private const string StandingOn = """
        select group_concat(distinct what order by what separator ', ') from (
            select concat('trigger ', trigger_name) as what from information_schema.triggers where event_object_schema = @p0 and event_object_table = @p1
            union all select concat('foreign key ', constraint_name) from information_schema.key_column_usage
                where (referenced_table_schema = @p0 and referenced_table_name = @p1) or (table_schema = @p0 and table_name = @p1 and referenced_table_name is not null)
            union all select concat('index ', index_name) from information_schema.statistics where table_schema = @p0 and table_name = @p1 and index_name <> 'PRIMARY' and index_name not like 'pipeline\_%') found
        """;

    /// <inheritdoc/>
    public async Task ReplaceAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, Func<DuckDbResult> rows, CancellationToken cancellationToken)
    {
        var keepsPlace = state.Exists && state.Dependents.Length > 0;
        if (keepsPlace && (state.Record is not { } last || !table.Shape.Extends(last.Shape)))
        {
            throw TargetTable.Standing(table, state);
        }

        var staging = NameOf("staging", state.Schema, table.Name);
        await database.ExecuteAsync("a staging table", $"create table {database.Qualified(state.Schema, staging)} ({string.Join(", ", Parts(database, table))}) {Storage} comment = '{Mark}{record.LoadId}'", [], cancellationToken);
        await database.BeginAsync(cancellationToken);
        await LoadAsync(database, database.Qualified(state.Schema, staging), table.Columns.Select(c => c.Name), rows, cancellationToken);
        await database.CommitAsync(cancellationToken);
        await (keepsPlace ? RefillAsync(database, table, state, record, staging, cancellationToken) : SwapAsync(database, table, state, record, staging, cancellationToken));
        await ClearAsync(database, state.Schema, table.Name, keepsPlace ? state.Record?.LoadId : record.LoadId, cancellationToken);
    }

    private static async Task<string> DependentsAsync(TargetDatabase database, string schema, string name, CancellationToken cancellationToken) =>
        (await database.QueryAsync("what stands on the target", StandingOn, [schema, name], cancellationToken))[0][0] as string ?? "";

    private static IEnumerable<string> Parts(TargetDatabase database, TargetTable table) =>
    [
        database.Definitions(table),
        .. table.Key.Count == 0 ? Array.Empty<string>() : [$"primary key ({database.Identifiers(table.Key)})"],
        .. table.Indexes.Select((index, number) => $"index pipeline_{number} ({database.Identifiers(index)})"),
    ];

    // The record is written first, and counts for nothing until the table has its name. Both tables change their names at the same moment.
    private async Task SwapAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, string staging, CancellationToken cancellationToken)
    {
        var (target, old) = (database.Qualified(state.Schema, table.Name), database.Qualified(state.Schema, NameOf("old", state.Schema, table.Name)));
        await NoteAsync(database, table, state, record, cancellationToken);
        await database.ExecuteAsync("the table's name", $"rename table {(state.Exists ? $"{target} to {old}, " : "")}{database.Qualified(state.Schema, staging)} to {target}", [], cancellationToken);
    }

    private async Task RefillAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, string staging, CancellationToken cancellationToken)
    {
        var (target, names) = (database.Qualified(state.Schema, table.Name), database.Identifiers(table.Columns.Select(c => c.Name)));
        await AddColumnsAsync(database, table, state, cancellationToken);
        await database.BeginAsync(cancellationToken);
        await database.ExecuteAsync("the old rows' end", $"delete from {target}", [], cancellationToken);
        await database.ExecuteAsync("its rows", $"insert into {target} ({names}) select {names} from {database.Qualified(state.Schema, staging)}", [], cancellationToken);
        await NoteAsync(database, table, state, record with { LoadId = state.Record?.LoadId ?? record.LoadId }, cancellationToken);
    }
}
