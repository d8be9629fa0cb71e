using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Tables and queries of a database.</summary>
/// <remarks>A full load is one part, and so one transaction. An incremental load is bounded above by the greatest value of the cursor at its plan: its parts are read at different
/// moments, but a row that changes in between gets a greater value, and is the next load's.</remarks>
internal sealed class SqlSource(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer, Connections connections, IEnumerable<ISqlDialect> dialects, SqlOptions options) : ISource
{
    /// <inheritdoc/>
    public string Connector => PipelineKeys.Sql;

    /// <inheritdoc/>
    public async Task<string> CheckAsync(SourceDefinition source, CancellationToken cancellationToken)
    {
        var sql = Definition(source);
        await using var database = await DatabaseSnapshot.OpenAsync(connections, dialects, sql, cancellationToken);
        return $"{sql.Name} has {(await SqlTable.ReadAsync(database, source, sql, cancellationToken)).Columns.Count} columns";
    }

    /// <inheritdoc/>
    public async Task<SourceScan> ScanAsync(ScanRequest request, CancellationToken cancellationToken)
    {
        var (source, sql) = (request.Source, Definition(request.Source));
        await using var database = await DatabaseSnapshot.OpenAsync(connections, dialects, sql, cancellationToken);
        var table = await SqlTable.ReadAsync(database, source, sql, cancellationToken);
        var reads = new StepReads { Files = 0, Bytes = 0, Paths = [sql.Name] };
        if (source.Load == LoadMode.Full)
        {
            await request.Parts.AddAsync(new SqlPart { Known = request.State?.Position }, cancellationToken);
            return new SourceScan(Rebuild: false, reads, "'load: full' compares all rows with those of the last load");
        }

        var last = request.State?.Position is { } position ? Json.Read<SqlPosition>(position).Cursor : null;
        var window = await table.WindowAsync(database, last, sql.Lookback, cancellationToken);
        var cuts = window.Rows is { } rows ? table.Cuts(window, (int)Math.Clamp(rows / options.RowsPerPart, 1, options.MaxParts)) : [];
        for (var part = 0; part <= cuts.Count; part++)
        {
            await request.Parts.AddAsync(new SqlPart { Window = window, From = part == 0 ? null : cuts[part - 1], To = part == cuts.Count ? null : cuts[part] }, cancellationToken);
        }

        return new SourceScan(Rebuild: false, reads with { Rows = window.Rows }, last is null ? "nothing is taken yet" : $"rows whose {sql.Cursor} is {window.Lower} or later are looked at");
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LandedBatch>> LandAsync(LandRequest request, CancellationToken cancellationToken)
    {
        var part = await request.ReadPartAsync<SqlPart>(cancellationToken);
        var sql = Definition(request.Source);
        await using var database = await DatabaseSnapshot.OpenAsync(connections, dialects, sql, cancellationToken);
        var table = await SqlTable.ReadAsync(database, request.Source, sql, cancellationToken);
        using var session = engine.OpenSession();
        using var rows = new WireTable(session, table.Columns, Math.Min(options.BatchBytes, engine.Options.PartBytes));
        rows.Begin();
        var batches = new SqlBatches(session, writer, request, part, sql, rows, await KnownAsync(session, request, part, table, rows, cancellationToken));
        await database.ReadAsync(table.Select(part), table.Columns, rows, () => batches.TakeAsync(isLast: false, cancellationToken), cancellationToken);
        await batches.TakeAsync(isLast: true, cancellationToken);
        return batches.Landed;
    }

    /// <inheritdoc/>
    public Task<SourceChange?> CloseAsync(CloseRequest request, CancellationToken cancellationToken)
    {
        var landed = request.Landed;
        var rows = landed.Sum(b => b.Add.Sum(a => a.Statistics?.Rows ?? 0));
        var positions = landed.Select(b => Json.Read<SqlPosition>(b.Position ?? "{}")).ToList();
        var isFull = request.Source.Load == LoadMode.Full;
        var position = Json.Write(new SqlPosition
        {
            Cursor = positions.Select(p => p.Cursor).FirstOrDefault(c => c is not null),
            Content = isFull ? positions.Select(p => p.Content).OfType<RowSum>().Aggregate(RowSum.None, (sum, content) => sum + content) : null,
            Columns = positions.Select(p => p.Columns).FirstOrDefault(),
        });
        var isUnchanged = !request.Overwrite && (isFull ? request.State?.Position == position : rows == 0);
        return Task.FromResult(isUnchanged ? null : new SourceChange { Landed = landed, Rows = rows, Overwrite = isFull, Position = position });
    }

    private static SqlDefinition Definition(SourceDefinition source) => source.Sql ?? throw new ArgumentException($"Source '{source.Name}' is none of a database.", nameof(source));

    private async Task<KnownRows?> KnownAsync(DuckDbSession session, LandRequest request, SqlPart part, SqlTable table, WireTable rows, CancellationToken cancellationToken)
    {
        if (request.Work.Rebuild || part.Window is not { } window || table.Cursor is not { } cursor || request.Work.PlannedVersion is not { } version
            || await tables.Open(request.Work.Pipeline, request.Work.Table).ReadAsync(version, cancellationToken) is not { } bronze)
        {
            return null;
        }

        return await KnownRows.ReadAsync(session, reader, bronze, request.Root, SqlBatches.Columns(session, rows), cursor, window.Lower, cancellationToken);
    }
}

/// <summary>How much of a database is read at a time.</summary>
public sealed record SqlOptions
{
    /// <summary>About how many rows a part has, where the source says how it is split.</summary>
    public long RowsPerPart { get; init; } = 1_000_000;

    /// <summary>How many parts there are at most.</summary>
    public int MaxParts { get; init; } = 64;

    /// <summary>Bytes of rows that an activity holds at a time.</summary>
    public long BatchBytes { get; init; } = 64L << 20;
}

/// <summary>How far a source is taken, as bronze keeps it.</summary>
internal sealed record SqlPosition
{
    /// <summary>The greatest value of the cursor that was looked at; null for a full load, and where there was no row.</summary>
    public string? Cursor { get; init; }

    /// <summary>What the rows of a full load come to.</summary>
    public RowSum? Content { get; init; }

    /// <summary>The columns with their types.</summary>
    public string? Columns { get; init; }
}
