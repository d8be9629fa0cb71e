using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Sources;

/// <summary>Records that were met before, in bronze or on an earlier page, by a hash of their values: those that come again as they are are left out.</summary>
/// <remarks>With a key a record of the same content is the same record, and taken once. Without one there may be several, and each is taken as often as it comes.</remarks>
/// <param name="session">The session.</param>
/// <param name="isKeyed">Whether the source has a key.</param>
/// <param name="comeOnce">Whether no record comes twice in a load, so that those of its earlier pages need not be kept.</param>
internal sealed class KnownRecords(DuckDbSession session, bool isKeyed, bool comeOnce = false)
{
    /// <summary>The column of a batch with the hash of a record's values.</summary>
    public const string Hash = "_offset";

    private const string Taken = "known_taken";
    private const string Before = "known_before";

    /// <summary>Begins a walk: what an earlier one had taken was not taken.</summary>
    public void Begin(CancellationToken cancellationToken) =>
        session.Execute($"create temp table if not exists {Before} (h uhugeint, n bigint); create or replace temp table {Taken} as from {Before}", cancellationToken);

    /// <summary>Brings what bronze has into the session.</summary>
    /// <param name="reader">Reads bronze.</param>
    /// <param name="bronze">Bronze as it was planned.</param>
    /// <param name="root">Where it lies.</param>
    /// <param name="columns">Its columns that come from records.</param>
    /// <param name="only">Which rows can come again; null: any.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task ReadAsync(TableReader reader, DeltaSnapshot bronze, LakePath root, IReadOnlyList<string> columns, ColumnCondition? only, CancellationToken cancellationToken)
    {
        var filter = only is null || bronze.Schema.Find(only.Column) is null ? null : new FileFilter(only);
        using var lease = await reader.CreateViewAsync(session, "bronze", "planned", filter?.Narrow(bronze) ?? bronze, root, cancellationToken);
        session.Execute($"create or replace temp table {Before} as select {HashOf(columns.Where(c => bronze.Schema.Find(c) is not null))} as h, count(*) as n from bronze.planned{(filter is null ? "" : $" where {filter.ToSql(bronze.Schema)}")} group by 1", cancellationToken);
    }

    /// <summary>SQL that hashes a row's values, one by one: put together first, long ones would be held several times. A column without a value counts like one that is not there.</summary>
    public static string HashOf(IEnumerable<string> columns) =>
        $"md5_number(concat({string.Join(", ", columns.Append("_raw").Select(c => $"{Sql.Literal($"{c.ToLowerInvariant()}:")} || md5({Sql.Identifier(c)})"))}))";

    /// <summary>Makes the view <c>fresh</c> of those rows of the table <c>arrived</c> that are to be taken.</summary>
    public void Take(CancellationToken cancellationToken)
    {
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
}
