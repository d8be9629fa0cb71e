using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Files of the container <c>landing</c>, of another storage account, or of a web server: each is taken once by its content, and a ledger in bronze knows which.</summary>
internal sealed class FileSource(LakeTables tables, Engine engine, FileCache cache, TableReader reader, DataFileWriter writer, FileScanner scanner, FileLander lander, LandingFiles landing) : ISource
{
    /// <inheritdoc/>
    public string Connector => "file";

    /// <inheritdoc/>
    public async Task<string> CheckAsync(SourceDefinition source, CancellationToken cancellationToken)
    {
        await foreach (var file in landing.Of(source, attempts: 1).ListAsync(cancellationToken))
        {
            return source.Remote is null or { IsGlob: true } ? "files are there" : "the file is there";
        }

        return "the container answers; no file is there";
    }

    /// <inheritdoc/>
    public Task<SourceScan> ScanAsync(ScanRequest request, CancellationToken cancellationToken) => scanner.ScanAsync(request, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LandedBatch>> LandAsync(LandRequest request, CancellationToken cancellationToken) =>
        await lander.LandAsync(request.Source, request.Work, await request.ReadPartAsync<IReadOnlyList<LandedFile>>(cancellationToken), request.Invocation, cancellationToken);

    /// <inheritdoc/>
    public async Task<SourceChange?> CloseAsync(CloseRequest request, CancellationToken cancellationToken)
    {
        var landed = await new CutFiles(lander).JoinAsync(request.Source, request.Work, request.Landed, request.Invocation, cancellationToken);
        var files = landed.SelectMany(m => m.Files).ToList();
        if (files.Count == 0 && !request.Overwrite)
        {
            return null;
        }

        using var session = engine.OpenSession();
        var root = LakeTables.Root(request.Work.Pipeline, request.Work.Table);
        var older = request.State?.Ledger ?? [];
        using var lease = await new FileLedger(tables.Lake, cache).OpenAsync(session, root, older, cancellationToken);
        var changed = files.Where(f => f.TakenHash is not null).Select(f => f.Path).Distinct().ToList();
        var (rewrite, moved) = request.Overwrite || changed.Count == 0 || request.Snapshot is not { } snapshot
            ? (Rewrite.None, [])
            : await new ChangedFiles(reader, writer).RewriteAsync(session, snapshot, root, changed, request.Invocation, cancellationToken);
        var entries = LedgerEntry.Of(landed).Concat(moved).ToList();
        return new SourceChange
        {
            Landed = landed,
            Rows = files.Sum(f => f.Rows),
            Rewrite = rewrite,
            Ledger = await new FileLedger(tables.Lake, cache).WriteAsync(session, root, older, entries, request.Overwrite, request.Invocation, cancellationToken),
            Metrics = new Dictionary<string, string> { ["numLandedFiles"] = Json.Write(files.DistinctBy(f => f.Path).Count()) },
            Note = entries.Count == 0 ? $"No file matches {request.Source.Arrival}." : null,
        };
    }
}
