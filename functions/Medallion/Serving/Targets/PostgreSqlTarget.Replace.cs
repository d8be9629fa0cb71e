using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Serving.Targets;

/// <content>All rows anew: another table takes the target's place, unless something else stands on it.</content>
internal sealed partial class PostgreSqlTarget
{
    // What a table that takes the place would lack, or what would keep the old one from being dropped.
    private const string StandingOn = """
        select string_agg(distinct what, ', ' order by what) from (
            select 'view ' || r.ev_class::regclass as what from pg_depend d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid where d.refclassid = 'pg_class'::regclass and d.refobjid = @p0::oid and r.ev_class <> @p0::oid
            union all select 'constraint ' || conname from pg_constraint where (confrelid = @p0::oid or conrelid = @p0::oid) and contype in ('f', 'c', 'u', 'x')
            union all select 'trigger ' || tgname from pg_trigger where tgrelid = @p0::oid and not tgisinternal
            union all select 'rule ' || rulename from pg_rewrite where ev_class = @p0::oid
            union all select 'policy ' || polname from pg_policy where polrelid = @p0::oid
            union all select 'publication ' || p.pubname from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = @p0::oid
            union all select 'index ' || c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = @p0::oid and c.relname not like 'pipeline\_%'
            union all select 'table ' || inhrelid::regclass from pg_inherits where inhparent = @p0::oid
            union all select 'function ' || p.oid::regproc from pg_depend d join pg_proc p on d.classid = 'pg_proc'::regclass and p.oid = d.objid where d.refclassid = 'pg_class'::regclass and d.refobjid = @p0::oid
            union all select 'statistics ' || stxname from pg_statistic_ext where stxrelid = @p0::oid
            union all select 'settings of its own' from pg_class where oid = @p0::oid and (reloptions is not null or relrowsecurity or relreplident <> 'd')
            union all select 'comment' from pg_description where classoid = 'pg_class'::regclass and objoid = @p0::oid) as found
        """;

    // Those of the table and of its columns; its owner's go with the owner.
    private const string Grants = """
        select format('grant %s on table %s to %s%s', a.privilege_type, @p2, case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end, case when a.is_grantable then ' with grant option' else '' end)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a where n.nspname = @p0 and c.relname = @p1 and a.grantee <> c.relowner
        union all
        select format('grant %s (%I) on table %s to %s%s', a.privilege_type, t.attname, @p2, case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end, case when a.is_grantable then ' with grant option' else '' end)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
        where n.nspname = @p0 and c.relname = @p1 and not t.attisdropped and t.attname = any(string_to_array(@p3, ','))
        union all
        select format('alter table %s owner to %I', @p2, pg_get_userbyid(c.relowner)) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = @p0 and c.relname = @p1 and pg_get_userbyid(c.relowner) <> current_user
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

    private static async Task<string> DependentsAsync(TargetDatabase database, long oid, CancellationToken cancellationToken) =>
        (await database.QueryAsync("what stands on the target", StandingOn, [oid], cancellationToken))[0][0] as string ?? "";

    private static async Task SwapAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, Func<DuckDbResult> rows, CancellationToken cancellationToken)
    {
        var (staging, target) = (database.Qualified(state.Schema, Staging), database.Qualified(state.Schema, table.Name));
        await database.ExecuteAsync("a staging table", $"create table {staging} ({database.Definitions(table)})", [], cancellationToken);
        await CopyAsync(database, staging, table.Columns.Select(c => c.Name), rows, cancellationToken);
        foreach (var (index, number) in table.Indexes.Prepend(table.Key).Select((index, number) => (index, number)).Where(i => i.index.Count > 0))
        {
            var name = database.Identifier($"{Own}{record.LoadId}_{number}");
            var columns = database.Identifiers(index);
            await database.ExecuteAsync(
                number == 0 ? "the primary key" : "an index", number == 0 ? $"alter table {staging} add constraint {name} primary key ({columns})" : $"create index {name} on {staging} ({columns})", [], cancellationToken);
        }

        if (state.Exists)
        {
            foreach (var grant in await database.QueryAsync("its grants", Grants, [state.Schema, table.Name, staging, string.Join(',', table.Columns.Select(c => c.Name))], cancellationToken))
            {
                await database.ExecuteAsync("its grants", grant[0] as string ?? "", [], cancellationToken);
            }

            await database.ExecuteAsync("the old table's end", $"drop table {target}", [], cancellationToken);
        }

        await database.ExecuteAsync("the table's name", $"alter table {staging} rename to {database.Identifier(table.Name)}", [], cancellationToken);
    }

    // Others point to rows of the table: TRUNCATE would be refused.
    private static async Task RefillAsync(TargetDatabase database, TargetTable table, TargetState state, Func<DuckDbResult> rows, CancellationToken cancellationToken)
    {
        var target = database.Qualified(state.Schema, table.Name);
        var names = database.Identifiers(table.Columns.Select(c => c.Name));
        await database.ExecuteAsync("a temporary table", $"create temp table {Changed} ({database.Definitions(table)}) on commit drop", [], cancellationToken);
        await CopyAsync(database, $"pg_temp.{Changed}", table.Columns.Select(c => c.Name), rows, cancellationToken);
        await AddColumnsAsync(database, table, state, cancellationToken);
        await database.ExecuteAsync(
            "its rows", $"{(state.Dependents.Contains("constraint ", StringComparison.Ordinal) ? "delete from" : "truncate")} {target}; insert into {target} ({names}) select {names} from pg_temp.{Changed}", [], cancellationToken);
    }
}
