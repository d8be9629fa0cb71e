using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Silver;

/// <summary>Lets new rows meet silver's present rows of the same keys. Of two the one stays that a rebuild from all of bronze would keep: the order is the same, and the
/// latest of the latest is the latest of all.</summary>
internal sealed class SilverMerge : IDisposable
{
    private const string LocalFile = "__local_file";
    private readonly List<CacheLease> leases = [];

    private SilverMerge()
    {
    }

    /// <summary>The rows to write: the new ones that stay, and those that stay of the files which are replaced.</summary>
    public required string Select { get; set; }

    /// <summary>The files that are replaced: each holds a row that a new one takes the place of.</summary>
    public IReadOnlyList<AddFile> Replaced { get; private set; } = [];

    /// <summary>New rows in place of a present one.</summary>
    public long Updated { get; private set; }

    /// <summary>New rows that lose to a present one of other content.</summary>
    public long Superseded { get; private set; }

    /// <summary>New rows that lose to a present one of the same content.</summary>
    public long Duplicate { get; private set; }

    /// <summary>The files that the new rows may meet, where they are too large for this activity and nothing was compared; else null.</summary>
    public IReadOnlyList<AddFile>? TooLarge { get; private set; }

    /// <summary>Rows of the replaced files that are written again as they are.</summary>
    public long KeptRows { get; private set; }

    /// <summary>Compares. The session's table <c>losers</c> gets the new rows that lose.</summary>
    /// <param name="rows">The new rows; those that lose among themselves are in <c>losers</c>.</param>
    /// <param name="hasLosers">Whether there is that table.</param>
    /// <param name="silver">Silver as it is.</param>
    /// <param name="root">Its directory.</param>
    /// <param name="reader">Reads it.</param>
    /// <param name="room">How many bytes of it may be read.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task<SilverMerge> CompareAsync(
        CheckedRows rows, bool hasLosers, DeltaSnapshot silver, LakePath root, TableReader reader, long room, CancellationToken cancellationToken)
    {
        var (session, source) = (rows.Session, rows.Source);
        var merge = new SilverMerge { Select = rows.Sql.Silver(hasLosers) };
        try
        {
            var compared = string.Join(", ", source.Key.Append(source.LatestBy).Append(source.Deleted).OfType<string>().Distinct().Select(Sql.Identifier).Concat(["_ingested_at", "_file", "_row"]));
            compared = $"{compared}, {CleanSql.ContentOf(source)} as __content";
            session.Execute($"create temp table arrivals as select {compared} from ({CleanSql.AsStored(session, merge.Select)})", cancellationToken);
            var candidates = KeyFilter.Of(session, source.Key, "arrivals", cancellationToken).Among(source.Key, silver);
            if (candidates.Sum(f => f.SizeBytes) > room)
            {
                merge.TooLarge = candidates;
            }
            else if (candidates.Count > 0)
            {
                await merge.MeetAsync(rows, hasLosers, silver with { Files = candidates }, root, reader, compared, cancellationToken);
            }

            return merge;
        }
        catch
        {
            merge.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => leases.ForEach(l => l.Dispose());

    private async Task MeetAsync(CheckedRows rows, bool hasLosers, DeltaSnapshot present, LakePath root, TableReader reader, string compared, CancellationToken cancellationToken)
    {
        var (session, source, key) = (rows.Session, rows.Source, CleanSql.KeyOf(rows.Source));
        var lease = await reader.CreateViewAsync(session, "present", "silver", present, root, cancellationToken, LocalFile);
        leases.Add(lease);
        session.Execute(
            $"""
            create temp table held as select {compared}, {LocalFile} from present.silver semi join arrivals using ({key});
            create temp table verdicts as
                select *, row_number() over latest = 1 as __stays, __content = first_value(__content) over latest as __same
                from (select *, null::varchar as {LocalFile} from arrivals semi join held using ({key}) union all select * from held)
                window latest as ({CleanSql.LatestOf(source)});
            create temp table replaced as select {key} from verdicts where {LocalFile} is null and __stays
            """,
            cancellationToken);
        var replaced = session.Scalar<long>("select count(*) from replaced", cancellationToken);
        Updated = replaced - DeletedRows.Count(session, source, $"select * from verdicts where {LocalFile} is null and __stays", cancellationToken);
        Duplicate = session.Scalar<long>($"select count(*) from verdicts where {LocalFile} is null and not __stays and __same", cancellationToken);
        Superseded = session.Scalar<long>($"select count(*) from verdicts where {LocalFile} is null and not __stays", cancellationToken) - Duplicate;
        if (Superseded + Duplicate > 0)
        {
            session.Execute(
                $"create temp table if not exists losers (_file varchar, _row bigint, same boolean); insert into losers select _file, _row, __same from verdicts where {LocalFile} is null and not __stays",
                cancellationToken);
        }

        Select = rows.Sql.Silver(hasLosers || Superseded + Duplicate > 0);
        if (replaced == 0)
        {
            return;
        }

        var touched = session.Query($"select distinct {LocalFile} from held semi join replaced using ({key})", cancellationToken).Rows().Select(r => (string)(r[0] ?? "")).ToHashSet(StringComparer.Ordinal);
        Replaced = [.. present.Files.Zip(lease.LocalFiles).Where(f => touched.Contains(f.Second)).Select(f => f.First)];
        leases.Add(await reader.CreateViewAsync(session, "present", "replaced", present with { Files = Replaced }, root, cancellationToken));
        KeptRows = session.Scalar<long>("select count(*) from present.replaced", cancellationToken) - replaced;
        var columns = string.Join(", ", session.Describe(Select).Select(c => Sql.Identifier(c.Name)));
        Select = $"select * from ({CleanSql.AsStored(session, Select)}) union all select {columns} from present.replaced anti join replaced using ({key})";
    }
}
