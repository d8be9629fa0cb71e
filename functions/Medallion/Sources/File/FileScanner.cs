using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Finds the files that a run takes for a source, and cuts them into parts.</summary>
internal sealed class FileScanner(LakeTables tables, FileCache cache, Engine engine, LandingFiles landing)
{
    private const int MaxParts = 200;
    private const int FilesPerPart = 1000;
    private const int NamedPaths = 20;
    private const string Nothing = "no file is new or changed";

    /// <summary>Compares what is there with the ledger and lists what to take.</summary>
    public async Task<SourceScan> ScanAsync(ScanRequest request, CancellationToken cancellationToken)
    {
        var (session, source) = (request.Session, request.Source);
        using var lease = await new FileLedger(tables.Lake, cache).OpenAsync(session, LakeTables.Root(request.Pipeline, request.Bronze), request.State?.Ledger ?? [], cancellationToken);
        await ListAsync(session, source, cancellationToken);
        var rebuild = request.State is null;
        if (source.Load == LoadMode.Full && !rebuild)
        {
            rebuild = session.Scalar<bool>(
                "select exists (from listed l full join ledger g using (path) where l.path is null or g.path is null or (l.etag <> g.etag and l.hash is distinct from g.hash))", cancellationToken);
            if (!rebuild)
            {
                return new SourceScan(Rebuild: false, new StepReads { Files = 0, Bytes = 0, Rows = 0 }, Nothing);
            }
        }

        var taken = rebuild
            ? "select l.*, null::varchar as taken from listed l"
            : "select l.*, g.hash as taken from listed l left join ledger g using (path) where g.path is null or (l.etag <> g.etag and l.hash is distinct from g.hash)";
        var (reads, changed) = await WritePartsAsync(request, $"{taken} order by path", cancellationToken);
        return new SourceScan(rebuild, reads, rebuild ? "files arrived, changed or went, and 'load: full' takes all anew"
            : request.Parts.Count == 0 ? Nothing
            : string.Create(CultureInfo.InvariantCulture, $"{reads.Files - changed} new and {changed} changed files"));
    }

    private async Task ListAsync(DuckDbSession session, SourceDefinition source, CancellationToken cancellationToken)
    {
        var list = Path.Combine(session.TempDirectory, $"listed-{source.Name}.ndjson");
        await using (var writer = new StreamWriter(list))
        {
            await foreach (var file in landing.Of(source).ListAsync(cancellationToken))
            {
                await writer.WriteLineAsync(Json.Write(new { path = file.Path, etag = file.ETag, size = file.SizeBytes, hash = file.Hash }));
            }
        }

        session.Execute(
            $"create or replace temp table listed as from read_json({Sql.Literal(list)}, format='newline_delimited', columns={{'path': 'VARCHAR', 'etag': 'VARCHAR', 'size': 'BIGINT', 'hash': 'VARCHAR'}})",
            cancellationToken);
    }

    private async Task<(StepReads Reads, long Changed)> WritePartsAsync(ScanRequest request, string taken, CancellationToken cancellationToken)
    {
        var session = request.Session;
        using var totals = session.Query($"select count(*), coalesce(sum(size), 0)::bigint, count(taken) from ({taken})", cancellationToken);
        var (count, bytes, changed) = totals.Rows().Select(r => ((long)(r[0] ?? 0L), (long)(r[1] ?? 0L), (long)(r[2] ?? 0L))).Single();
        var (filesPerPart, bytesPerPart) = (Math.Max(FilesPerPart, (count / MaxParts) + 1), Math.Max(engine.Options.PartBytes, (bytes / MaxParts) + 1));
        var size = 0L;
        var part = new List<LandedFile>();
        var paths = new List<string>();
        using var files = session.Query($"select path, etag, size, hash, taken from ({taken})", cancellationToken);
        foreach (var row in files.Rows())
        {
            var file = new LandedFile { Path = (string)(row[0] ?? ""), ETag = (string)(row[1] ?? ""), SizeBytes = (long)(row[2] ?? 0L), Hash = (string?)row[3], TakenHash = (string?)row[4] };
            foreach (var piece in await CutAsync(file, request.Source, cancellationToken))
            {
                if (part.Count > 0 && (part.Count >= filesPerPart || size + LandingBatches.Weight(piece) > bytesPerPart))
                {
                    await FlushAsync();
                }

                part.Add(piece);
                size += LandingBatches.Weight(piece);
            }

            if (paths.Count < NamedPaths)
            {
                paths.Add(file.Path);
            }
        }

        if (part.Count > 0)
        {
            await FlushAsync();
        }

        return (new StepReads { Files = count, Bytes = bytes, Rows = count == 0 ? 0 : null, Paths = paths }, changed);

        async Task FlushAsync()
        {
            await request.Parts.AddAsync(part, cancellationToken);
            part.Clear();
            size = 0;
        }
    }

    // Text in the container is cut; what is packed or nested can only be read from its beginning.
    private async Task<IEnumerable<LandedFile>> CutAsync(LandedFile file, SourceDefinition source, CancellationToken cancellationToken)
    {
        var format = source.Format ?? FileFormats.Find(file.Path);
        if (!landing.Of(source).HasRanges || file.SizeBytes <= engine.Options.PartBytes || FileContent.PackedEnding(file.Path).Length > 0 || format is not (FileFormat.Csv or FileFormat.Ndjson))
        {
            return [file];
        }

        var ranges = await new RangeReader(tables.Lake).CutAsync(file, format == FileFormat.Csv, engine.Options.PartBytes, cancellationToken);
        return ranges?.Select(range => file with { Range = range }) ?? [file];
    }
}
