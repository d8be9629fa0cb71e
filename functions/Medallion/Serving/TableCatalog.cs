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

/// <summary>There is no such table, or no such version of it.</summary>
public sealed class UnknownTableException(string message) : TerminalException(message);

/// <summary>Shows which tables there are and what is in them. The lake itself is asked: no list is kept beside it.</summary>
public sealed class TableCatalog
{
    private const int HistoryLength = 50;
    private readonly LakeTables tables;
    private readonly Engine engine;
    private readonly TableReader reader;

    internal TableCatalog(LakeTables tables, Engine engine, TableReader reader) => (this.tables, this.engine, this.reader) = (tables, engine, reader);

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
    /// <param name="version">The version; null: the newest.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnknownTableException">There is no such table.</exception>
    public async Task<TableDescription> DescribeAsync(string pipeline, TableKey table, long? version, CancellationToken cancellationToken)
    {
        var snapshot = await SnapshotAsync(pipeline, table, version, cancellationToken);
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
    /// <param name="version">The version; null: the newest.</param>
    /// <param name="limit">1 to 1,000 rows.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnknownTableException">There is no such table.</exception>
    public async Task<QueryAnswer> PreviewAsync(string pipeline, TableKey table, long? version, int limit, CancellationToken cancellationToken)
    {
        var snapshot = await SnapshotAsync(pipeline, table, version, cancellationToken);

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

    internal async Task<DeltaSnapshot> SnapshotAsync(string pipeline, TableKey table, long? version, CancellationToken cancellationToken)
    {
        try
        {
            return await tables.Open(pipeline, table).ReadAsync(version, cancellationToken)
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
