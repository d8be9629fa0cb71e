using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>What a backfill judges anew: keys (the session's table <c>backfill_keys</c>) and rows of bronze (<c>backfill_rows</c>). Without a key every row is a key of its own.</summary>
internal sealed class BackfillScope : IDisposable
{
    private const string LocalFile = "__local_file";
    private readonly List<CacheLease> leases = [];
    private readonly CheckedRows rows;
    private readonly DeltaSnapshot silver;
    private readonly LakePath root;
    private readonly TableReader reader;
    private readonly IReadOnlyList<AddFile> within;
    private readonly IReadOnlyList<AddFile> met;

    private BackfillScope(CheckedRows rows, DeltaSnapshot silver, LakePath root, TableReader reader, IReadOnlyList<AddFile> within, IReadOnlyList<AddFile> met)
    {
        (this.rows, this.silver, this.root, this.reader) = (rows, silver, root, reader);
        (this.within, this.met) = (within, met);
    }

    /// <summary>How many rows of bronze belong to it.</summary>
    public required long Rows { get; init; }

    /// <summary>The size of the files of silver that it reads.</summary>
    public long Bytes => within.Concat(met).Sum(f => f.SizeBytes);

    /// <summary>Finds the keys and leaves in the session's view <c>checked</c> only their rows, and those without a key in the range.</summary>
    public static async Task<BackfillScope> NarrowAsync(CheckedRows rows, DeltaSnapshot silver, LakePath root, TableReader reader, DateRange range, CancellationToken cancellationToken)
    {
        var (session, source) = (rows.Session, rows.Source);
        var within = silver.Files.Where(f => SourceBackfiller.IsWithin(range, silver.PartitionColumns, f)).ToList();
        var key = KeyOf(source);
        string Each(Func<string, int, string> sql, string separator) => string.Join(separator, key.Select((k, i) => sql(Sql.Identifier(k), i)));
        var columns = Each((k, _) => k, ", ");
        var inRange = $"cast({Sql.Identifier(source.Partition?.By ?? "")} as date) between date '{range.From:yyyy-MM-dd}' and date '{range.To:yyyy-MM-dd}'";
        using (await reader.CreateViewAsync(session, "present", "within", silver with { Files = within }, root, cancellationToken))
        {
            session.Execute(
                $"""
                create temp table backfill_keys as
                    select {columns} from (select {Each((k, i) => $"cast({k} as {TypeOf(source, key[i])}) as {k}", ", ")} from typed where {inRange} union all select {columns} from present.within)
                    where {Each((k, _) => $"{k} is not null", " and ")} group by all;
                create temp table backfill_rows as
                    select _file, _row from (select _file, _row, {inRange} as _within, {Each((k, i) => $"cast({k} as {TypeOf(source, key[i])}) as _k{i}", ", ")} from typed)
                    left join (select true as _judged, {Each((k, i) => $"{k} as _j{i}", ", ")} from backfill_keys) on {Each((_, i) => $"_k{i} = _j{i}", " and ")}
                    where coalesce(_judged, false) or (coalesce(_within, false) and ({Each((_, i) => $"_k{i} is null", " or ")}))
                """,
                cancellationToken);
        }

        rows.Sql.Narrow(session, "backfill_rows");
        var others = silver with { Files = [.. silver.Files.Except(within)] };
        return new BackfillScope(rows, silver, root, reader, within, KeyFilter.Of(session, key, "backfill_keys", cancellationToken).Among(key, others))
        {
            Rows = session.Scalar<long>("select count(*) from backfill_rows", cancellationToken),
        };
    }

    /// <summary>Finds the files of silver to replace: those of the partitions, and any other that holds a row of the keys.</summary>
    public async Task<ReplacedSilver> ReplaceAsync(CancellationToken cancellationToken)
    {
        var (session, key) = (rows.Session, string.Join(", ", KeyOf(rows.Source).Select(Sql.Identifier)));
        var lease = await reader.CreateViewAsync(session, "present", "met", silver with { Files = met }, root, cancellationToken, LocalFile);
        leases.Add(lease);
        var touched = session.Query($"select distinct {LocalFile} from present.met semi join backfill_keys using ({key})", cancellationToken).Rows().Select(r => (string)(r[0] ?? "")).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<AddFile> mixed = [.. met.Zip(lease.LocalFiles).Where(f => touched.Contains(f.Second)).Select(f => f.First)];
        leases.Add(await reader.CreateViewAsync(session, "present", "replaced", silver with { Files = [.. within, .. mixed] }, root, cancellationToken));
        return new ReplacedSilver([.. within, .. mixed], key);
    }

    /// <summary>Finds the files of rejected with rows that are judged anew, and what of them stays.</summary>
    public async Task<KeptRejected> RejectedAsync(DeltaSnapshot? rejected, LakePath rejectedRoot, CancellationToken cancellationToken)
    {
        if (rejected is null || rejected.Files.Count == 0)
        {
            return new KeptRejected();
        }

        const string Judged = "(select _file as file, _row as row from backfill_rows)";
        var session = rows.Session;
        using var all = await reader.CreateViewAsync(session, "present", "rejected", rejected, rejectedRoot, cancellationToken, LocalFile);
        var touched = session.Query($"select distinct {LocalFile} from present.rejected semi join {Judged} using (file, row)", cancellationToken).Rows().Select(r => (string)(r[0] ?? "")).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<AddFile> mixed = [.. rejected.Files.Zip(all.LocalFiles).Where(f => touched.Contains(f.Second)).Select(f => f.First)];
        if (mixed.Count == 0)
        {
            return new KeptRejected();
        }

        var lease = await reader.CreateViewAsync(session, "present", "rejected", rejected with { Files = mixed }, rejectedRoot, cancellationToken);
        var columns = string.Join(", ", session.Describe(CleanSql.EmptyRejected).Select(c => Sql.Identifier(c.Name)));
        return new KeptRejected(lease) { Replaced = mixed, Select = $"select {columns} from present.rejected anti join {Judged} using (file, row)" };
    }

    /// <inheritdoc/>
    public void Dispose() => leases.ForEach(l => l.Dispose());

    private static IReadOnlyList<string> KeyOf(SourceDefinition source) => source.Key.Count > 0 ? source.Key : ["_file", "_row"];

    private static string TypeOf(SourceDefinition source, string column) =>
        source.Key.Count > 0 ? CleanSql.TableType(source, column) : column == "_row" ? "bigint" : "varchar";
}

/// <summary>The files of silver that a backfill replaces; their rows are the session's view <c>present.replaced</c>.</summary>
internal sealed record ReplacedSilver(IReadOnlyList<AddFile> Files, string Key)
{
    /// <summary>How many rows a SELECT gives, and how many of them take the place of one of the same key.</summary>
    public (long Written, long Updated) Count(DuckDbSession session, string select, CancellationToken cancellationToken)
    {
        var found = session.Query(
            $"select count(*), count(*) filter (_there) from (select {Key} from ({select})) left join (select {Key}, true as _there from present.replaced group by all) using ({Key})",
            cancellationToken).Rows().Single();
        return ((long)(found[0] ?? 0L), (long)(found[1] ?? 0L));
    }

    /// <summary>A SELECT with the rows of the replaced files whose keys are not judged anew.</summary>
    public string With(DuckDbSession session, string select)
    {
        var columns = string.Join(", ", session.Describe(select).Select(c => Sql.Identifier(c.Name)));
        return $"select * from ({select}) union all select {columns} from present.replaced anti join backfill_keys using ({Key})";
    }
}

/// <summary>The files of rejected that a backfill replaces, and the rows of them that stay; null where none is replaced.</summary>
internal sealed class KeptRejected(CacheLease? lease = null) : IDisposable
{
    public IReadOnlyList<AddFile> Replaced { get; init; } = [];

    public string? Select { get; init; }

    /// <inheritdoc/>
    public void Dispose() => lease?.Dispose();
}
