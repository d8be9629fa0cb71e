using System.Globalization;
using System.Security.Cryptography;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Bronze;

/// <summary>Writes one part of a source to data files of its bronze table, as it arrived: text stays text. It commits nothing.</summary>
internal sealed class SourceLander(ILake lake, Engine engine, DataFileWriter writer)
{
    /// <summary>Lands the files of a part.</summary>
    /// <param name="source">The source.</param>
    /// <param name="work">The step and its part.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<LandedPart> LandAsync(SourceDefinition source, StepWork work, string invocation, CancellationToken cancellationToken)
    {
        var folder = new RunFolder(lake, work.RunId);
        var files = await folder.ReadAsync<IReadOnlyList<LandedFile>>(RunFolder.PartName(work.PlanId, work.Table, work.Part), cancellationToken);
        using var session = engine.OpenSession();
        var stager = new FileStager(session);
        var taken = new List<LandedFile>();
        var landed = new List<string>();
        var detected = new List<IReadOnlyList<DetectedColumn>>();
        foreach (var (file, number) in files.Select((f, n) => (f, n)))
        {
            var local = Path.Combine(session.TempDirectory, string.Create(CultureInfo.InvariantCulture, $"raw-{number}{FileContent.PackedEnding(file.Path)}"));
            await lake.DownloadAsync(file.LakePath, local, file.ETag, cancellationToken);
            var hash = file.Hash ?? await HashAsync(local, cancellationToken);
            if (hash == file.TakenHash && !work.Rebuild)
            {
                File.Delete(local);
                continue;
            }

            var staged = stager.Stage(local, file.Path, source.Format, number, cancellationToken);
            if (source.Columns.Count == 0)
            {
                detected.Add(stager.Detect(staged));
            }

            var rows = Rows(staged, source, work, file.Path);
            if (files.Count > 1)
            {
                rows = Park(session, rows, number, cancellationToken);
                File.Delete(local);
            }

            landed.Add(rows);
            taken.Add(file with { Hash = hash, Rows = session.Scalar<long>($"select count(*) from ({rows})", cancellationToken) });
        }

        var all = string.Join(" union all by name ", landed.Select(sql => $"({sql})"));
        var add = landed.Count == 0 ? [] : await writer.WriteAsync(session, all, LakeTables.Root(work.Pipeline, work.Table), [], invocation, cancellationToken);
        var manifest = new LandedManifest
        {
            Files = taken,
            Add = add,
            Columns = landed.Count == 0 ? [] : session.Describe(all),
            Detected = DetectedColumns.Merge([], detected),
        };
        var part = new LandedPart(work.Part, invocation);
        await folder.WriteAsync(RunFolder.ManifestName(work.Table, part), manifest, cancellationToken);
        return part;
    }

    // What was staged is written aside, so that the space of the raw file is free before the next one is read.
    private static string Park(DuckDbSession session, string rows, int number, CancellationToken cancellationToken)
    {
        var parked = Path.Combine(session.TempDirectory, string.Create(CultureInfo.InvariantCulture, $"landed-{number}.parquet"));
        session.Execute($"copy ({rows}) to {Sql.Literal(parked)} (format parquet, compression snappy)", cancellationToken);
        File.Delete(Path.Combine(session.TempDirectory, string.Create(CultureInfo.InvariantCulture, $"stage-{number}.parquet")));
        return $"select * from read_parquet({Sql.Literal(parked)})";
    }

    private static string Rows(StagedFile staged, SourceDefinition source, StepWork work, string path)
    {
        var stamp = $"{BronzeColumns.Timestamp(work.TimeUtc)} as _ingested_at, {Sql.Literal(source.Name)} as _source, {Sql.Literal(path)} as _file, _row, {Sql.Literal(work.RunId)} as _run_id";
        var malformed = $"select {stamp}, _error, _raw from malformed where _file = {Sql.Literal(path)}";
        return staged.Sql is null
            ? malformed
            : $"select {string.Concat(staged.Columns.Select(c => $"{Sql.Identifier(c.Name)}, "))}{stamp}, null::varchar as _error, null::varchar as _raw from ({staged.Sql}) union all by name {malformed}";
    }

    private static async Task<string> HashAsync(string local, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(local);
        return Convert.ToHexStringLower(await MD5.HashDataAsync(file, cancellationToken));
    }
}
