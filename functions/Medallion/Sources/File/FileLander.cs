using System.Globalization;
using System.Security.Cryptography;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Writes files to data files of bronze, as they arrived: text stays text.</summary>
/// <remarks>A part is landed in batches, each small enough for the activity's share of scratch disk, and uploaded before the next is read.</remarks>
internal sealed class FileLander(ILake lake, Engine engine, DataFileWriter writer, LandingFiles landingFiles)
{
    /// <summary>Lands files and ranges of files, in their order.</summary>
    /// <param name="source">The source.</param>
    /// <param name="work">The step.</param>
    /// <param name="files">The files.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<IReadOnlyList<LandedBatch>> LandAsync(
        SourceDefinition source, StepWork work, IReadOnlyList<LandedFile> files, string invocation, CancellationToken cancellationToken)
    {
        using var session = engine.OpenSession();
        var landing = new Landing(source, work, session, new FileStager(session));
        var batches = new List<LandedBatch>();
        foreach (var batch in LandingBatches.Of(files, engine.Options.PartBytes))
        {
            var name = batches.Count == 0 ? invocation : string.Create(CultureInfo.InvariantCulture, $"{invocation}-{batches.Count}");
            batches.Add(batch is [{ Range: { } range } file]
                ? await LandRangeAsync(landing, file, range, name, cancellationToken)
                : await LandFilesAsync(landing, batch, name, cancellationToken));
            session.Execute("delete from malformed", cancellationToken);
        }

        return batches;
    }

    private async Task<LandedBatch> LandFilesAsync(Landing landing, IReadOnlyList<LandedFile> files, string name, CancellationToken cancellationToken)
    {
        var taken = new List<LandedFile>();
        var landed = new List<string>();
        var detected = new List<IReadOnlyList<DetectedColumn>>();
        foreach (var planned in files)
        {
            var local = landing.LocalFile(planned);
            var file = await landingFiles.Of(landing.Source).DownloadAsync(planned, local, cancellationToken);
            var hash = file.Hash ?? await HashAsync(local, cancellationToken);
            if (hash == file.TakenHash && !landing.Work.Rebuild)
            {
                System.IO.File.Delete(local);
                continue;
            }

            if (files.Count == 1)
            {
                return await LandOneAsync(landing, file with { Hash = hash }, local, name, cancellationToken);
            }

            var (_, rows, columns) = landing.Stage(local, file, once: false, cancellationToken);
            detected.Add(columns);
            landed.Add(rows = landing.Park(rows, cancellationToken));
            System.IO.File.Delete(local);
            taken.Add(file with { Hash = hash, Rows = landing.Session.Scalar<long>($"select count(*) from ({rows})", cancellationToken) });
        }

        return await WriteAsync(landing, taken, string.Join(" union all by name ", landed.Select(sql => $"({sql})")), detected, name, cancellationToken);
    }

    private async Task<LandedBatch> LandRangeAsync(Landing landing, LandedFile file, FileRange range, string name, CancellationToken cancellationToken)
    {
        var local = landing.LocalFile(file);
        var (hasRecords, quotes) = await new RangeReader(lake).ReadAsync(file, range, local, cancellationToken);
        if (!hasRecords)
        {
            System.IO.File.Delete(local);
            return new LandedBatch { Files = [file], Add = [], Columns = [], Detected = [], Quotes = quotes };
        }

        return await LandOneAsync(landing, file, local, name, cancellationToken) with { Quotes = quotes };
    }

    // Good rows and malformed ones have data files of their own where the good ones are read as they are written: the others are known at the end.
    private async Task<LandedBatch> LandOneAsync(Landing landing, LandedFile file, string local, string name, CancellationToken cancellationToken)
    {
        var root = LakeTables.Root(landing.Work.Pipeline, landing.Work.Table);
        var (staged, rows, detected) = landing.Stage(local, file, once: true, cancellationToken);
        var columns = landing.Session.Describe(rows);
        var (add, refused) = (new List<AddFile>(), staged.Refused);
        try
        {
            add.AddRange(await writer.WriteAsync(landing.Session, rows, root, [], name, cancellationToken));
        }
        catch (DuckDbException error) when (landing.Refuse(staged, file, error))
        {
            refused = true;
        }

        if (staged.Unread is not null && landing.Close(staged with { Unread = refused ? null : staged.Unread }, file, cancellationToken) is { } malformed)
        {
            add.AddRange(await writer.WriteAsync(landing.Session, malformed, root, [], $"{name}-m", cancellationToken));
        }

        landing.Clear();
        return new LandedBatch
        {
            Files = [file with { Rows = add.Sum(a => a.Statistics?.Rows ?? 0) }],
            Add = add,
            Columns = columns,
            Detected = DetectedColumns.Merge([], [detected]),
            Keys = staged.Keys,
            Refused = refused,
        };
    }

    private async Task<LandedBatch> WriteAsync(
        Landing landing, IReadOnlyList<LandedFile> taken, string rows, IEnumerable<IReadOnlyList<DetectedColumn>> detected, string name, CancellationToken cancellationToken)
    {
        var batch = new LandedBatch
        {
            Files = taken,
            Add = taken.Count == 0 ? [] : await writer.WriteAsync(landing.Session, rows, LakeTables.Root(landing.Work.Pipeline, landing.Work.Table), [], name, cancellationToken),
            Columns = taken.Count == 0 ? [] : landing.Session.Describe(rows),
            Detected = DetectedColumns.Merge([], detected),
        };
        landing.Clear();
        return batch;
    }

    private static async Task<string> HashAsync(string local, CancellationToken cancellationToken)
    {
        await using var file = System.IO.File.OpenRead(local);
        return Convert.ToHexStringLower(await MD5.HashDataAsync(file, cancellationToken));
    }
}
