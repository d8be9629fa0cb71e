using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Sources;

/// <summary>Records that were met before, in bronze or on an earlier page, by a hash of their values: those that come again as they are are left out.</summary>
/// <remarks>With a key a record of the same content is the same record, and taken once. Without one there may be several, and each is taken as often as it comes.</remarks>
/// <param name="session">The session.</param>
/// <param name="landed">What bronze has; null: nothing that counts.</param>
/// <param name="isKeyed">Whether the source has a key.</param>
/// <param name="comeOnce">Whether no record comes twice in a load, so that those of its earlier pages need not be kept.</param>
internal sealed class KnownRecords(DuckDbSession session, LandedRecords? landed, bool isKeyed, bool comeOnce = false)
{
    /// <summary>The column of a batch with the hash of a record's values.</summary>
    public const string Hash = "_offset";

    private const string Taken = "known_taken";
    private const string Sought = "known_sought";

    /// <summary>Begins a walk: what an earlier one had taken was not taken.</summary>
    public void Begin(CancellationToken cancellationToken) =>
        session.Execute($"create or replace temp table {Taken} (h uhugeint, n bigint); create or replace temp table {Sought} (c varchar)", cancellationToken);

    /// <summary>SQL that hashes a row's values, one by one: put together first, long ones would be held several times. A column without a value counts like one that is not there.</summary>
    public static string HashOf(IEnumerable<string> columns) =>
        $"md5_number(concat({string.Join(", ", columns.Append("_raw").Select(c => $"{Sql.Literal($"{c.ToLowerInvariant()}:")} || md5({Sql.Identifier(c)})"))}))";

    /// <summary>Makes the view <c>fresh</c> of those rows of the table <c>arrived</c> that are to be taken.</summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (landed is not null)
        {
            await SeekAsync(landed, cancellationToken);
        }

        session.Execute(
            $"""
            create or replace temp table picked as
            select p._file, p._row from (select _file, _row, {Hash} as h, row_number() over (partition by {Hash} order by _file, _row) as place from arrived) p left join {Taken} k on k.h = p.h
            where {(isKeyed ? "p.place = 1 and k.h is null" : "p.place > coalesce(k.n, 0)")};
            create or replace temp view fresh as from arrived semi join picked using (_file, _row)
            """,
            cancellationToken);
        if (comeOnce)
        {
            return;
        }

        session.Execute(
            isKeyed
                ? $"insert into {Taken} select {Hash}, 1 from fresh"
                : $"update {Taken} set n = greatest(0, {Taken}.n - a.n) from (select {Hash} as h, count(*) as n from arrived group by 1) a where a.h = {Taken}.h",
            cancellationToken);
    }

    // A record that comes again as it was has the cursor's value that it had: rows with other values need not be looked at, however many bronze has.
    private async Task SeekAsync(LandedRecords bronze, CancellationToken cancellationToken)
    {
        var cursor = bronze.Cursor is { } name ? Sql.Identifier(name) : "null::varchar";
        session.Execute(
            $"""
            create or replace temp table seeking as select distinct a.c from (select {cursor} as c from arrived) a anti join {Sought} s on s.c is not distinct from a.c;
            insert into {Sought} from seeking
            """,
            cancellationToken);
        var found = session.Query("select count(*) = 0, min(c), max(c), count(*) > count(c) from seeking", cancellationToken).Rows().Single();
        if (found[0] is true)
        {
            return;
        }

        var filters = bronze.Cursor is null ? [new FileFilter()] : Filters(bronze.Cursor, (string?)found[1], (string?)found[2], hasNull: found[3] is true);
        var files = filters.SelectMany(f => f.Narrow(bronze.Snapshot).Files).DistinctBy(f => f.Path).ToList();
        using var lease = await bronze.Reader.CreateViewAsync(session, "bronze", "planned", bronze.Snapshot with { Files = files }, bronze.Root, cancellationToken);
        session.Execute(
            $"""
            insert into {Taken} select {HashOf(bronze.Columns)} as h, count(*)
            from (select *, {cursor} as _cursor from bronze.planned where {string.Join(" or ", filters.Select(f => $"({f.ToSql(bronze.Snapshot.Schema)})"))}) p semi join seeking s on s.c is not distinct from p._cursor
            group by 1
            """,
            cancellationToken);
    }

    private static List<FileFilter> Filters(string cursor, string? least, string? greatest, bool hasNull)
    {
        var filters = new List<FileFilter>();
        if (least is not null && greatest is not null)
        {
            filters.Add(new FileFilter(new ColumnCondition(cursor, FileComparison.AtLeast, least), new ColumnCondition(cursor, FileComparison.AtMost, greatest)));
        }

        if (hasNull)
        {
            filters.Add(new FileFilter(new ColumnCondition(cursor, FileComparison.IsNull)));
        }

        return filters;
    }
}
