using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart;

namespace Pipeline.Medallion.Serving;

/// <summary>A table in a list.</summary>
public sealed record TableSummary
{
    /// <summary>bronze, silver, gold or rejected.</summary>
    public required string Layer { get; init; }

    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table's name.</summary>
    public required string Table { get; init; }

    /// <summary>Its newest version.</summary>
    public required long Version { get; init; }

    /// <summary>Its rows.</summary>
    public required long Rows { get; init; }

    /// <summary>Its data files.</summary>
    public required int Files { get; init; }

    /// <summary>Size of its data files.</summary>
    public required long Bytes { get; init; }

    /// <summary>When the version was committed.</summary>
    public required DateTimeOffset CommittedUtc { get; init; }
}

/// <summary>A table with its columns and its past.</summary>
public sealed record TableDescription
{
    /// <summary>What the list shows of it.</summary>
    public required TableSummary Summary { get; init; }

    /// <summary>What it is.</summary>
    public string? Description { get; init; }

    /// <summary>Its columns.</summary>
    public required IReadOnlyList<ColumnDescription> Columns { get; init; }

    /// <summary>The columns that it is partitioned by.</summary>
    public required IReadOnlyList<string> PartitionColumns { get; init; }

    /// <summary>Its last commits, newest first.</summary>
    public required IReadOnlyList<HistoryEntry> History { get; init; }
}

/// <summary>A column of a table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its Delta type.</param>
/// <param name="Nullable">Whether it may be null.</param>
public sealed record ColumnDescription(string Name, string Type, bool Nullable);

/// <summary>Which version of a table: of a number, of a time, or the newest.</summary>
public readonly record struct PointInTime
{
    /// <summary>The number; null where a time or the newest is meant.</summary>
    public long? Number { get; init; }

    /// <summary>The time at which the version was the newest.</summary>
    public DateTimeOffset? AsOf { get; init; }
}

/// <summary>A table that was made what it was.</summary>
/// <param name="Table">The table.</param>
/// <param name="Version">Its new version.</param>
/// <param name="RestoredVersion">The version that it is like.</param>
/// <param name="Rows">Its rows.</param>
public sealed record RestoredTable(TableKey Table, long Version, long RestoredVersion, long Rows);

/// <summary>There is no such table, or no such version of it.</summary>
public sealed class UnknownTableException(string message) : TerminalException(message);

/// <summary>Shows which tables there are and what is in them. The lake itself is asked: no list is kept beside it.</summary>
public sealed class TableCatalog
{
    private const int HistoryLength = 50;
    private readonly LakeTables tables;
    private readonly NewestSnapshots newest;
    private readonly Engine engine;
    private readonly TableReader reader;

    internal TableCatalog(LakeTables tables, NewestSnapshots newest, Engine engine, TableReader reader) => (this.tables, this.newest, this.engine, this.reader) = (tables, newest, engine, reader);

    /// <summary>All tables, by layer in the order of the flow, then pipeline and name.</summary>
    /// <param name="pipeline">Of this pipeline only; null: of all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<TableSummary>> ListAsync(string? pipeline, CancellationToken cancellationToken)
    {
        var found = await tables.ListAsync(pipeline, cancellationToken);
        var read = await Task.WhenAll(found.Select(async t => (t.Pipeline, t.Table, Snapshot: await tables.Open(t.Pipeline, t.Table).ReadAsync(null, cancellationToken))));
        return [.. read.Where(t => t.Snapshot is not null).Select(t => Summarise(t.Pipeline, t.Table, t.Snapshot ?? throw new InvalidOperationException()))];
    }

    /// <summary>A table's columns, size and history.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The table.</param>
    /// <param name="when">The version; by default the newest.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnknownTableException">There is no such table.</exception>
    public async Task<TableDescription> DescribeAsync(string pipeline, TableKey table, PointInTime when, CancellationToken cancellationToken)
    {
        var snapshot = await SnapshotAsync(pipeline, table, when, cancellationToken);
        return new TableDescription
        {
            Summary = Summarise(pipeline, table, snapshot),
            Description = snapshot.Description,
            Columns = [.. snapshot.Schema.Fields.Select(f => new ColumnDescription(f.Name, f.Type.ToString() ?? "", f.Nullable))],
            PartitionColumns = snapshot.PartitionColumns,
            History = await tables.Open(pipeline, table).HistoryAsync(HistoryLength, cancellationToken),
        };
    }

    /// <summary>The first rows of a table.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The table.</param>
    /// <param name="when">The version; by default the newest.</param>
    /// <param name="limit">1 to 1,000 rows.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnknownTableException">There is no such table.</exception>
    public async Task<QueryAnswer> PreviewAsync(string pipeline, TableKey table, PointInTime when, int limit, CancellationToken cancellationToken)
    {
        var snapshot = await SnapshotAsync(pipeline, table, when, cancellationToken);

        // The first files are enough for the first rows.
        var needed = new List<AddFile>();
        foreach (var file in snapshot.Files)
        {
            if (needed.Sum(f => f.Statistics?.Rows ?? 0) > limit)
            {
                break;
            }

            needed.Add(file);
        }

        using var session = engine.OpenSession();
        using var lease = await reader.CreateViewAsync(session, table.Layer, table.Name, snapshot with { Files = needed }, LakeTables.Root(pipeline, table), cancellationToken);
        using var result = session.Query($"select * from {table.Layer}.{Sql.Identifier(table.Name)} limit {limit + 1}", cancellationToken);
        return QueryAnswer.Read(result, limit);
    }

    /// <summary>Makes a table what it was, by a new commit; see <see cref="DeltaTable.RestoreAsync(long, CancellationToken)"/>.</summary>
    /// <exception cref="UnknownTableException">There is no such table, or no such version of it.</exception>
    /// <exception cref="TerminalException">Files of that version are gone.</exception>
    /// <exception cref="TransientException">A commit in between makes this one void, or the storage did not answer.</exception>
    public async Task<RestoredTable> RestoreAsync(string pipeline, TableKey table, PointInTime when, CancellationToken cancellationToken)
    {
        var then = await SnapshotAsync(pipeline, table, when, cancellationToken);
        var restored = await tables.Open(pipeline, table).RestoreAsync(then.Version, cancellationToken);
        return new RestoredTable(table, restored.Version, then.Version, restored.Snapshot.Rows);
    }

    internal Task<DeltaSnapshot> SnapshotAsync(string pipeline, TableKey table, long? version, CancellationToken cancellationToken) =>
        SnapshotAsync(pipeline, table, new PointInTime { Number = version }, cancellationToken);

    internal async Task<DeltaSnapshot> SnapshotAsync(string pipeline, TableKey table, PointInTime when, CancellationToken cancellationToken)
    {
        try
        {
            var opened = tables.Open(pipeline, table);
            return await (when switch
                {
                    { AsOf: { } time } => opened.ReadAsync(time, cancellationToken),
                    { Number: { } number } => opened.ReadAsync(number, cancellationToken),
                    _ => newest.ReadAsync(opened.Root, cancellationToken),
                })
                ?? throw new UnknownTableException($"Pipeline '{pipeline}' has no table {table}. GET /api/tables lists those there are.");
        }
        catch (Exception error) when (error is ArgumentException or UnknownVersionException)
        {
            throw new UnknownTableException(error.Message);
        }
    }

    private static TableSummary Summarise(string pipeline, TableKey table, DeltaSnapshot snapshot) => new()
    {
        Layer = table.Layer,
        Pipeline = pipeline,
        Table = table.Name,
        Version = snapshot.Version,
        Rows = snapshot.Rows,
        Files = snapshot.Files.Count,
        Bytes = snapshot.Bytes,
        CommittedUtc = snapshot.CommittedUtc,
    };
}
