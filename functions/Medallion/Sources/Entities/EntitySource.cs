using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources.Rest;

namespace Pipeline.Medallion.Sources.Entities;

/// <summary>Tables of Azure Storage, and of Cosmos DB by its API for tables.</summary>
/// <remarks>The service writes into each entity when it changed, by its own clock. A load takes what changed up to its beginning, by that clock: what changes while it reads may lie
/// before the place where it is, and comes with the next one, which looks at the last moments again and leaves out what bronze has.</remarks>
internal sealed class EntitySource(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer, EntityAccounts accounts, RestOptions options, TimeProvider clock) : ISource
{
    private const string Timestamp = "Timestamp";

    // The service's clock comes without fractions of a second.
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public string Connector => PipelineKeys.TableConnector;

    /// <inheritdoc/>
    public async Task<string> CheckAsync(SourceDefinition source, CancellationToken cancellationToken)
    {
        await accounts.Open(Definition(source), attempts: 1).LookAsync(cancellationToken);
        return "the table answers";
    }

    /// <inheritdoc/>
    public async Task<SourceScan> ScanAsync(ScanRequest request, CancellationToken cancellationToken)
    {
        var (source, table) = (request.Source, Definition(request.Source));
        var before = request.State?.Position is { } text ? Json.Read<EntityPosition>(text) : null;
        var begun = await accounts.Open(table).LookAsync(cancellationToken) ?? clock.GetUtcNow();
        await request.Parts.AddAsync(new EntityPart(before, begun), cancellationToken);
        return new SourceScan(Rebuild: false, new StepReads { Files = 0, Bytes = 0, Paths = [table.Name] }, source.Load == LoadMode.Full ? "'load: full' compares all entities with those of the last load"
            : From(table, before) is { } from ? $"entities whose Timestamp is {EntityLines.Text(from)} or later are looked at"
            : "nothing is taken yet");
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LandedBatch>> LandAsync(LandRequest request, CancellationToken cancellationToken)
    {
        var (source, table) = (request.Source, Definition(request.Source));
        var part = await request.ReadPartAsync<EntityPart>(cancellationToken);
        var isFull = source.Load == LoadMode.Full;
        var from = isFull ? null : From(table, part.Before);

        // One thread, as for APIs: a load waits for its server.
        using var session = engine.OpenSmallSession();
        var landed = from is not null && part.Before is not null ? await LandedRecords.FindAsync(tables, reader, request, part.Before.Keys, Timestamp, cancellationToken) : null;
        var known = new KnownRecords(session, landed, isKeyed: true, comeOnce: true);
        var batches = new RecordBatches(session, writer, request, table.Name, isFull ? EntityLines.Keys : part.Before?.Keys ?? EntityLines.Keys, part.Before?.Content, known);
        var greatest = await ReadAsync(session, accounts.Open(table), batches, from, isFull ? null : part.BegunUtc + Second, cancellationToken);
        batches.End(new EntityPosition
        {
            Cursor = isFull ? null : Next(part, greatest),
            Content = isFull ? batches.Content : null,
            Keys = batches.Keys,
        });
        return batches.Landed;
    }

    /// <inheritdoc/>
    public Task<SourceChange?> CloseAsync(CloseRequest request, CancellationToken cancellationToken)
    {
        var landed = request.Landed;
        var position = landed.Select(b => b.Position).OfType<string>().LastOrDefault() ?? throw new TerminalException($"What was landed of source '{request.Source.Name}' does not say how far it is taken: a defect. Nothing was committed.");
        var rows = landed.Sum(b => b.Add.Sum(a => a.Statistics?.Rows ?? 0));
        var isFull = request.Source.Load == LoadMode.Full;
        var before = request.State?.Position is { } text ? Json.Read<EntityPosition>(text) : null;
        var isUnchanged = !request.Overwrite && (isFull ? before?.Content == Json.Read<EntityPosition>(position).Content : rows == 0);
        return Task.FromResult(isUnchanged ? null : new SourceChange { Landed = landed, Rows = rows, Overwrite = isFull, Position = position });
    }

    private static TableDefinition Definition(SourceDefinition source) => source.Table ?? throw new ArgumentException($"Source '{source.Name}' is none of tables.", nameof(source));

    private static DateTimeOffset? From(TableDefinition table, EntityPosition? before) =>
        before?.Cursor is not { } cursor ? null : EntityLines.Read(cursor) is var last && last.UtcTicks > table.Lookback.Ticks ? last - table.Lookback : DateTimeOffset.MinValue;

    // What is newer than the beginning may not be all that is.
    private static string? Next(EntityPart part, DateTimeOffset? greatest)
    {
        var last = greatest is { } found ? EntityLines.Text(found < part.BegunUtc ? found : part.BegunUtc) : null;
        return string.CompareOrdinal(last, part.Before?.Cursor) > 0 ? last : part.Before?.Cursor;
    }

    private async Task<DateTimeOffset?> ReadAsync(DuckDbSession session, EntityTable table, RecordBatches batches, DateTimeOffset? from, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var file = Path.Combine(session.TempDirectory, "entities.txt");
        var batchBytes = Math.Min(options.BatchBytes, engine.Options.PartBytes);
        var pages = 0;
        using var lines = new EntityLines(file);
        batches.Begin(cancellationToken);
        await foreach (var page in table.PagesAsync(from, until, cancellationToken))
        {
            if (lines.Length >= batchBytes)
            {
                await TakeAsync(isOnly: false);
            }

            pages++;
            for (var number = 0; number < page.Values.Count; number++)
            {
                lines.Add(pages, number + 1, page.Values[number]);
            }
        }

        // A table without entities has the columns that each entity has.
        if (lines.Length > 0 || batches.Landed.Count == 0)
        {
            await TakeAsync(isOnly: batches.Landed.Count == 0);
        }

        return lines.Greatest;

        async Task TakeAsync(bool isOnly)
        {
            lines.Flush();
            await batches.TakeAsync(file, isOnly, lines.Types, cancellationToken);
            lines.Clear();
        }
    }
}
