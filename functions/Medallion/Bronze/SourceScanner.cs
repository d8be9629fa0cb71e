using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Bronze;

/// <summary>What a scan of landing came to.</summary>
/// <param name="Parts">How many lists of files there are; 0: nothing to take.</param>
/// <param name="Rebuild">Whether bronze is to be made anew from them.</param>
/// <param name="Changed">How many of the files were taken before with other content.</param>
/// <param name="Reads">The files.</param>
internal sealed record SourceScan(int Parts, bool Rebuild, long Changed, StepReads Reads);

/// <summary>Finds the files that a run takes for a source, and cuts them into parts.</summary>
internal sealed class SourceScanner(LakeTables tables, FileCache cache, Engine engine)
{
    private const int MaxParts = 200;
    private const int FilesPerPart = 1000;
    private const int NamedPaths = 20;

    /// <summary>Compares what lies in landing with the ledger and writes the lists of what to take into the run's folder.</summary>
    /// <param name="session">Compares; one session serves all sources of a plan.</param>
    /// <param name="folder">Gets the lists; null: none are written.</param>
    /// <param name="planId">The attempt that makes the plan; names the lists.</param>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="source">The source.</param>
    /// <param name="bronze">Its bronze table.</param>
    /// <param name="state">The step's state; null takes everything anew.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    public async Task<SourceScan> ScanAsync(
        DuckDbSession session, RunFolder? folder, string planId, string pipeline, SourceDefinition source, TableKey bronze, StepState? state, CancellationToken cancellationToken)
    {
        using var lease = await new FileLedger(tables.Lake, cache).OpenAsync(session, LakeTables.Root(pipeline, bronze), state?.Ledger ?? [], cancellationToken);
        await ListAsync(session, source, cancellationToken);
        var rebuild = state is null;
        if (source.Load == LoadMode.Full && state is not null)
        {
            rebuild = session.Scalar<bool>(
                "select exists (from listed l full join ledger g using (path) where l.path is null or g.path is null or (l.etag <> g.etag and l.hash is distinct from g.hash))", cancellationToken);
            if (!rebuild)
            {
                return new SourceScan(0, Rebuild: false, Changed: 0, new StepReads { Files = 0, Bytes = 0, Rows = 0 });
            }
        }

        var taken = rebuild
            ? "select l.*, null::varchar as taken from listed l"
            : "select l.*, g.hash as taken from listed l left join ledger g using (path) where g.path is null or (l.etag <> g.etag and l.hash is distinct from g.hash)";
        return await WritePartsAsync(session, source, folder, planId, bronze, $"{taken} order by path", rebuild, cancellationToken);
    }

    private async Task ListAsync(DuckDbSession session, SourceDefinition source, CancellationToken cancellationToken)
    {
        var glob = new FileGlob(source.Path);
        var list = Path.Combine(session.TempDirectory, $"listed-{source.Name}.ndjson");
        await using (var writer = new StreamWriter(list))
        {
            await foreach (var file in tables.Lake.ListPrefixAsync(LandedFile.Container, glob.Prefix, cancellationToken))
            {
                if (glob.Matches(file.Path.Path))
                {
                    await writer.WriteLineAsync(Json.Write(new { path = file.Path.Path, etag = file.ETag, size = file.SizeBytes, hash = file.ContentHash }));
                }
            }
        }

        session.Execute(
            $"create or replace temp table listed as from read_json({Sql.Literal(list)}, format='newline_delimited', columns={{'path': 'VARCHAR', 'etag': 'VARCHAR', 'size': 'BIGINT', 'hash': 'VARCHAR'}})",
            cancellationToken);
    }

    private async Task<SourceScan> WritePartsAsync(
        DuckDbSession session, SourceDefinition source, RunFolder? folder, string planId, TableKey bronze, string taken, bool rebuild, CancellationToken cancellationToken)
    {
        using var totals = session.Query($"select count(*), coalesce(sum(size), 0)::bigint, count(taken) from ({taken})", cancellationToken);
        var (count, bytes, changed) = totals.Rows().Select(r => ((long)(r[0] ?? 0L), (long)(r[1] ?? 0L), (long)(r[2] ?? 0L))).Single();
        var (filesPerPart, bytesPerPart) = (Math.Max(FilesPerPart, (count / MaxParts) + 1), Math.Max(engine.Options.PartBytes, (bytes / MaxParts) + 1));
        var parts = 0;
        var size = 0L;
        var part = new List<LandedFile>();
        var paths = new List<string>();
        using var files = session.Query($"select path, etag, size, hash, taken from ({taken})", cancellationToken);
        foreach (var row in files.Rows())
        {
            var file = new LandedFile { Path = (string)(row[0] ?? ""), ETag = (string)(row[1] ?? ""), SizeBytes = (long)(row[2] ?? 0L), Hash = (string?)row[3], TakenHash = (string?)row[4] };
            foreach (var piece in await CutAsync(file, source.Format, cancellationToken))
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

        return new SourceScan(parts, rebuild, changed, new StepReads { Files = count, Bytes = bytes, Rows = count == 0 ? 0 : null, Paths = paths });

        async Task FlushAsync()
        {
            var name = RunFolder.PartName(planId, bronze, parts++);
            await (folder?.WriteAsync(name, part, cancellationToken) ?? Task.CompletedTask);
            part.Clear();
            size = 0;
        }
    }

    // Text is cut; what is packed or nested can only be read from its beginning.
    private async Task<IEnumerable<LandedFile>> CutAsync(LandedFile file, FileFormat? declared, CancellationToken cancellationToken)
    {
        var format = declared ?? FileFormats.Find(file.Path);
        if (file.SizeBytes <= engine.Options.PartBytes || FileContent.PackedEnding(file.Path).Length > 0 || format is not (FileFormat.Csv or FileFormat.Ndjson))
        {
            return [file];
        }

        var ranges = await new RangeReader(tables.Lake).CutAsync(file, format == FileFormat.Csv, engine.Options.PartBytes, cancellationToken);
        return ranges?.Select(range => file with { Range = range }) ?? [file];
    }
}
