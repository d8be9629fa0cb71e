using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>Lists of records of an HTTP API.</summary>
/// <remarks>A load is one part: a page follows from the one before. It has no upper bound, since an API can be asked for none; instead records from the last value of the cursor on
/// are asked for again, and those that bronze has are left out. How far the list is taken lies in the commit that has the records.</remarks>
internal sealed class RestSource(
    LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer, Connections connections, RestServers servers, RestOptions options, TimeProvider clock) : ISource
{
    /// <inheritdoc/>
    public string Connector => PipelineKeys.Rest;

    /// <inheritdoc/>
    public async Task<string> CheckAsync(SourceDefinition source, CancellationToken cancellationToken)
    {
        var rest = Definition(source);
        var connection = RestConnection.Read(connections, rest.Connection);
        using var session = engine.OpenSession();
        var page = Path.Combine(session.TempDirectory, "page.json");
        await new RestClient(servers, connection, rest, options with { Attempts = 1 }, clock).FetchAsync(1, new RestRequests(connection, rest, null).First(), page, _ => { }, cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"the first page has {new FileInfo(page).Length} bytes");
    }

    /// <inheritdoc/>
    public async Task<SourceScan> ScanAsync(ScanRequest request, CancellationToken cancellationToken)
    {
        var (source, rest) = (request.Source, Definition(request.Source));
        var connection = RestConnection.Read(connections, rest.Connection);
        var before = request.State?.Position is { } text ? Json.Read<RestPosition>(text) : null;
        var since = RestCursor.Since(source, rest, before?.Cursor, before?.Kind);
        var reads = new StepReads { Files = 0, Bytes = 0, Paths = [rest.Name] };
        if (before?.Validator is { } validator
            && await new RestClient(servers, connection, rest, options, clock).IsUnchangedAsync(new RestRequests(connection, rest, since).First(), validator, cancellationToken))
        {
            return new SourceScan(Rebuild: false, reads with { Rows = 0 }, "the API says that nothing has changed");
        }

        await request.Parts.AddAsync(new RestPart(before), cancellationToken);
        return new SourceScan(Rebuild: false, reads, source.Load == LoadMode.Full ? "'load: full' compares all records with those of the last load"
            : before?.Cursor is null ? "nothing is taken yet"
            : since is null ? "all records are looked at, because there is no 'since'"
            : $"records whose {rest.Cursor} is {since} or later are looked at");
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LandedBatch>> LandAsync(LandRequest request, CancellationToken cancellationToken)
    {
        var (source, rest) = (request.Source, Definition(request.Source));
        var before = (await request.ReadPartAsync<RestPart>(cancellationToken)).Before;
        var connection = RestConnection.Read(connections, rest.Connection);

        // One thread: a load waits for its server, and what a record needs while it is looked at is needed once.
        using var session = engine.OpenSmallSession();
        var landed = source.Load == LoadMode.Incremental && before is not null ? await LandedRecords.FindAsync(tables, reader, request, before.Keys, rest.Cursor?.Split('.')[0], cancellationToken) : null;
        var known = new KnownRecords(session, landed, source.Key.Count > 0);
        var cursor = new RestCursor(session, source, rest);
        var batches = new RecordBatches(session, writer, request, rest.Name, source.Load == LoadMode.Full ? [] : before?.Keys ?? [], before?.Content, known);
        var load = new RestLoad(
            new RestClient(servers, connection, rest, options, clock),
            new RestRequests(connection, rest, RestCursor.Since(source, rest, before?.Cursor, before?.Kind)),
            source,
            rest,
            Path.Combine(session.TempDirectory, "rest"),
            Math.Min(options.BatchBytes, engine.Options.PartBytes),
            before);
        await load.RunAsync(batches, cursor, options.Walks, cancellationToken);
        return batches.Landed;
    }

    /// <inheritdoc/>
    public Task<SourceChange?> CloseAsync(CloseRequest request, CancellationToken cancellationToken)
    {
        var landed = request.Landed;
        var end = Json.Read<RestLanded>(landed.Select(b => b.Position).OfType<string>().LastOrDefault() ?? throw new TerminalException($"What was landed of source '{request.Source.Name}' does not say how far it is taken: a defect. Nothing was committed."));
        var rows = landed.Sum(b => b.Add.Sum(a => a.Statistics?.Rows ?? 0));
        var isFull = request.Source.Load == LoadMode.Full;
        var before = request.State?.Position is { } text ? Json.Read<RestPosition>(text) : null;
        var isUnchanged = !request.Overwrite && (isFull ? before?.Content == end.Position.Content : rows == 0);
        return Task.FromResult(isUnchanged ? null : new SourceChange { Landed = landed, Rows = rows, Overwrite = isFull, Position = Json.Write(end.Position), Note = end.Note });
    }

    private static RestDefinition Definition(SourceDefinition source) => source.Rest ?? throw new ArgumentException($"Source '{source.Name}' is none of an API.", nameof(source));
}
