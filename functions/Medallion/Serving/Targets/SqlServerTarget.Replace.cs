using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Serving.Targets;

/// <content>All rows anew: another table takes the target's place, unless something else stands on it. Views go by name here and stay, unless they are bound to the schema.</content>
internal sealed partial class SqlServerTarget
{
    private const string StandingOn = """
        select string_agg(cast(what as nvarchar(max)), ', ') within group (order by what) from (
            select 'foreign key ' + name as what from sys.foreign_keys where referenced_object_id = @p0 or parent_object_id = @p0
            union select 'trigger ' + name from sys.triggers where parent_id = @p0
            union select 'check ' + name from sys.check_constraints where parent_object_id = @p0
            union select 'index ' + name from sys.indexes where object_id = @p0 and name is not null and name not like 'pipeline[_]%'
            union select 'schema-bound ' + object_name(referencing_id) from sys.sql_expression_dependencies where referenced_id = @p0 and is_schema_bound_reference = 1
            union select 'description' from sys.extended_properties where class = 1 and major_id = @p0) found
        """;

    // Those of the table and of columns that stay.
    private const string Grants = """
        select case p.state when 'W' then 'grant' when 'D' then 'deny' else 'grant' end + ' ' + p.permission_name + case when c.name is null then '' else ' (' + quotename(c.name) + ')' end
            + ' on ' + @p1 + ' to ' + quotename(u.name) + case p.state when 'W' then ' with grant option' else '' end
        from sys.database_permissions p join sys.database_principals u on u.principal_id = p.grantee_principal_id left join sys.columns c on c.object_id = p.major_id and c.column_id = p.minor_id
        where p.class = 1 and p.major_id = object_id(@p0) and p.state in ('G', 'W', 'D') and (p.minor_id = 0 or c.name in (select value from string_split(@p2, ',')))
        """;

    /// <inheritdoc/>
    public async Task ReplaceAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, Func<DuckDbResult> rows, CancellationToken cancellationToken)
    {
        var keepsPlace = state.Exists && state.Dependents.Length > 0;
        if (keepsPlace && (state.Record is not { } last || !table.Shape.Extends(last.Shape)))
        {
            throw TargetTable.Standing(table, state);
        }

        await (keepsPlace ? RefillAsync(database, table, state, rows, cancellationToken) : SwapAsync(database, table, state, record, rows, cancellationToken));
        await NoteAsync(database, table, state, record, cancellationToken);
    }

    private static async Task SwapAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, Func<DuckDbResult> rows, CancellationToken cancellationToken)
    {
        var name = $"pipeline_staging_{record.LoadId}";
        var (staging, target) = (database.Qualified(state.Schema, name), database.Qualified(state.Schema, table.Name));
        await database.ExecuteAsync("a staging table", $"create table {staging} ({database.Definitions(table)})", [], cancellationToken);
        await LoadAsync(database, staging, table.Columns, rows, cancellationToken);
        foreach (var statement in Indexes(database, table, staging, record.LoadId))
        {
            await database.ExecuteAsync("an index", statement, [], cancellationToken);
        }

        if (state.Exists)
        {
            foreach (var grant in await database.QueryAsync("its grants", Grants, [target, staging, string.Join(',', table.Columns.Select(c => c.Name))], cancellationToken))
            {
                await database.ExecuteAsync("its grants", grant[0] as string ?? "", [], cancellationToken);
            }

            await database.ExecuteAsync("the old table's end", $"drop table {target}", [], cancellationToken);
        }

        await database.ExecuteAsync("the table's name", "exec sp_rename @p0, @p1", [staging, table.Name], cancellationToken);
    }

    private static IEnumerable<string> Indexes(TargetDatabase database, TargetTable table, string staging, string load) =>
        table.Indexes.Prepend(table.Key).Select((columns, number) => (Columns: database.Identifiers(columns), Name: database.Identifier($"pipeline_{load}_{number}"), IsKey: number == 0)).Where(i => i.Columns.Length > 0)
            .Select(i => i.IsKey ? $"alter table {staging} add constraint {i.Name} primary key ({i.Columns})" : $"create index {i.Name} on {staging} ({i.Columns})");

    private static async Task RefillAsync(TargetDatabase database, TargetTable table, TargetState state, Func<DuckDbResult> rows, CancellationToken cancellationToken)
    {
        var (target, names) = (database.Qualified(state.Schema, table.Name), database.Identifiers(table.Columns.Select(c => c.Name)));
        await database.ExecuteAsync("a temporary table", $"create table {Changed} ({database.Definitions(table)})", [], cancellationToken);
        await LoadAsync(database, Changed, table.Columns, rows, cancellationToken);
        await AddColumnsAsync(database, table, state, cancellationToken);
        await database.ExecuteAsync("its rows", $"delete from {target}; insert into {target} ({names}) select {names} from {Changed}; drop table {Changed}", [], cancellationToken);
    }
}
