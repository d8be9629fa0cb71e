using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Bronze;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Which files a bronze table has taken, with which content, and in which data files their rows are: immutable Parquet segments beside the data,
/// named by the step's state. The newest segment that names a path wins.</summary>
internal sealed class FileLedger(ILake lake, FileCache cache)
{
    private const int MaxSegments = 16;
    private const string Columns = "{'path': 'VARCHAR', 'hash': 'VARCHAR', 'etag': 'VARCHAR', 'size': 'BIGINT', 'rows': 'BIGINT', 'data_files': 'VARCHAR[]'}";

    /// <summary>Makes the ledger a view <c>ledger</c> of a session.</summary>
    public async Task<CacheLease> OpenAsync(DuckDbSession session, LakePath root, IReadOnlyList<LedgerSegment> segments, CancellationToken cancellationToken)
    {
        var requests = segments.Select(s => new CacheRequest(root.Append(s.Path), s.SizeBytes, $"ledger/{root.Container}/{root.Path}/{s.Path}")).ToList();
        var lease = await cache.AcquireAsync(requests, cancellationToken);
        var rows = lease.LocalFiles.Select((file, n) => string.Create(CultureInfo.InvariantCulture, $"select *, {n} as segment from read_parquet({Sql.Literal(file)})"));
        var union = segments.Count == 0
            ? "select null::varchar as path, null::varchar as hash, null::varchar as etag, 0::bigint as size, 0::bigint as rows, []::varchar[] as data_files, 0 as segment where false"
            : string.Join(" union all ", rows);
        session.Execute($"create or replace temp view ledger as select * exclude (segment) from ({union}) qualify row_number() over (partition by path order by segment desc) = 1", cancellationToken);
        return lease;
    }

    /// <summary>Writes a segment; with <paramref name="replaces"/> it stands for the whole ledger.</summary>
    /// <param name="session">A session; where older segments are merged, the one that has the view <c>ledger</c>.</param>
    /// <param name="root">The table's root.</param>
    /// <param name="older">The segments so far.</param>
    /// <param name="entries">What was taken, with its data files.</param>
    /// <param name="replaces">Whether the older segments no longer count.</param>
    /// <param name="invocation">This attempt; names the segment.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<IReadOnlyList<LedgerSegment>> WriteAsync(
        DuckDbSession session, LakePath root, IReadOnlyList<LedgerSegment> older, IReadOnlyList<LedgerEntry> entries, bool replaces, string invocation, CancellationToken cancellationToken)
    {
        var merge = !replaces && older.Count >= MaxSegments;
        var list = Path.Combine(session.TempDirectory, "ledger.ndjson");
        await System.IO.File.WriteAllLinesAsync(list, entries.Select(Json.Write), cancellationToken);
        var fresh = $"select * from read_json({Sql.Literal(list)}, format='newline_delimited', columns={Columns})";
        var local = Path.Combine(session.TempDirectory, "ledger.parquet");
        var rows = merge ? $"{fresh} union all by name select * from ledger where path not in (select path from ({fresh}))" : fresh;
        session.Execute($"copy ({rows} order by path) to {Sql.Literal(local)} (format parquet, compression zstd)", cancellationToken);
        var segment = $"_ledger/{invocation}.parquet";
        var file = await lake.UploadAsync(local, root.Append(segment), overwrite: true, cancellationToken);
        LedgerSegment[] written = [new(segment, file.SizeBytes)];
        return replaces || merge ? written : [.. older, .. written];
    }
}

/// <summary>A segment of a ledger.</summary>
/// <param name="Path">Relative to the table's root.</param>
/// <param name="SizeBytes">Its length.</param>
public sealed record LedgerSegment(string Path, long SizeBytes);

/// <summary>A line of a ledger, as its segments have it.</summary>
internal sealed record LedgerEntry
{
    public required string Path { get; init; }

    public required string Hash { get; init; }

    public required string Etag { get; init; }

    public required long Size { get; init; }

    public required long Rows { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("data_files")]
    public required IReadOnlyList<string> DataFiles { get; init; }

    /// <summary>A line for every file that was landed, whether whole or in ranges.</summary>
    public static IEnumerable<LedgerEntry> Of(IEnumerable<LandedBatch> landed) =>
        landed.SelectMany(batch => batch.Files.Select(file => (File: file, batch.Add))).GroupBy(f => f.File.Path).Select(ranges => new LedgerEntry
        {
            Path = ranges.Key,
            Hash = ranges.First().File.Hash ?? "",
            Etag = ranges.First().File.ETag,
            Size = ranges.First().File.SizeBytes,
            Rows = ranges.Sum(r => r.File.Rows),
            DataFiles = [.. ranges.SelectMany(r => r.Add).Select(f => f.Path).Distinct()],
        });
}
