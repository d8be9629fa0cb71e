using System.Collections.Concurrent;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Lineage;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Catalog;

/// <summary>Tells what tables there are, what is in them, where it comes from and how good it is. The lake and the definitions are asked: no list is kept beside them.</summary>
public sealed class DataCatalog
{
    // Of snapshots that are read at a time: a lake of thousands of tables must not take all connections.
    private const int Parallel = 16;
    private readonly LakeTables tables;
    private readonly DefinitionStore definitions;
    private readonly LineageReader lineage;

    internal DataCatalog(LakeTables tables, DefinitionStore definitions, LineageReader lineage) => (this.tables, this.definitions, this.lineage) = (tables, definitions, lineage);

    /// <summary>The tables, by layer in the order of the flow, then pipeline and name.</summary>
    /// <param name="pipeline">Of this pipeline only; null: of all.</param>
    /// <param name="search">Those with this text in their name or description, or in those of a column; null: all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<CatalogTable>> ListAsync(string? pipeline, string? search, CancellationToken cancellationToken)
    {
        var owned = (await ReadAsync(await tables.ListAsync(pipeline, cancellationToken), cancellationToken)).GroupBy(t => t.Pipeline).ToList();
        var described = await Task.WhenAll(owned.Select(o => DescribeAsync(o.Key, o.ToDictionary(t => t.Table, t => t.Snapshot), cancellationToken)));
        return [.. described.SelectMany(d => d.Tables.Values).Where(t => search is null || Holds(t, search))
            .OrderBy(t => TableKey.Layers.Index().First(l => l.Item == t.Layer).Index).ThenBy(t => t.Pipeline, StringComparer.Ordinal).ThenBy(t => t.Table, StringComparer.Ordinal)];
    }

    /// <summary>A table with the lineage of its columns.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The table.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnknownTableException">There is no such table.</exception>
    public async Task<CatalogTableDetail> FindAsync(string pipeline, TableKey table, CancellationToken cancellationToken)
    {
        var needed = (await tables.ListAsync(pipeline, cancellationToken)).Where(t => t.Table.Layer == "bronze" || t.Table == table);
        var snapshots = (await ReadAsync(needed, cancellationToken)).ToDictionary(t => t.Table, t => t.Snapshot);
        if (!snapshots.TryGetValue(table, out var snapshot))
        {
            throw new UnknownTableException($"Pipeline '{pipeline}' has no table {table}. GET /api/catalog lists those there are.");
        }

        var (described, known) = await DescribeAsync(pipeline, snapshots, cancellationToken);
        var own = known?.Tables.GetValueOrDefault(table);
        return new CatalogTableDetail
        {
            Table = described[table],
            Columns = [.. snapshot.Schema.Fields.Select(field => Follow(table, field.Name, own, known))],
            Rows = own?.Rows ?? [],
            AreRowsComplete = own?.AreRowsComplete ?? IsSource(table, known),
        };
    }

    private static CatalogColumnLineage Follow(TableKey table, string column, TableLineage? own, PipelineLineage? known)
    {
        var found = own?.Columns.FirstOrDefault(c => string.Equals(c.Column, column, StringComparison.OrdinalIgnoreCase));
        var others = known?.Tables ?? new Dictionary<TableKey, TableLineage>();
        return new CatalogColumnLineage
        {
            Column = column,
            Upstream = found?.From ?? [],
            IsComplete = found?.IsComplete ?? IsSource(table, known),
            Downstream = [.. others.SelectMany(t => t.Value.Columns.SelectMany(c => c.From.Where(IsThis).Select(f => new ColumnSource(t.Key, c.Column, f.Use))))],
            DecidesRowsOf = [.. others.Where(t => t.Value.Rows.Any(IsThis)).Select(t => t.Key)],
        };

        bool IsThis(ColumnSource source) => source.Table == table && string.Equals(source.Column, column, StringComparison.OrdinalIgnoreCase);
    }

    // What is in bronze comes from no table: nothing is missing.
    private static bool IsSource(TableKey table, PipelineLineage? known) => known?.SourceOf(table) is not null;

    private async Task<IReadOnlyList<(string Pipeline, TableKey Table, DeltaSnapshot Snapshot)>> ReadAsync(IEnumerable<(string Pipeline, TableKey Table)> found, CancellationToken cancellationToken)
    {
        var read = new ConcurrentBag<(string, TableKey, DeltaSnapshot)>();
        var bounded = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(found, bounded, async (table, stop) =>
        {
            if (await tables.Open(table.Pipeline, table.Table).ReadAsync(null, stop) is { } snapshot)
            {
                read.Add((table.Pipeline, table.Table, snapshot));
            }
        });
        return [.. read];
    }

    private async Task<(IReadOnlyDictionary<TableKey, CatalogTable> Tables, PipelineLineage? Lineage)> DescribeAsync(
        string pipeline, Dictionary<TableKey, DeltaSnapshot> snapshots, CancellationToken cancellationToken)
    {
        var (compiled, problem) = await LoadAsync(pipeline, cancellationToken);
        var known = compiled is null ? null : lineage.Read(compiled, snapshots.Where(t => t.Key.Layer == "bronze").ToDictionary(t => t.Key, t => t.Value));
        return (snapshots.ToDictionary(t => t.Key, t => Describe(pipeline, t.Key, snapshots, compiled, known, problem)), known);
    }

    private async Task<(CompiledPipeline? Pipeline, string? Problem)> LoadAsync(string pipeline, CancellationToken cancellationToken)
    {
        try
        {
            return (await definitions.LoadAsync(pipeline, cancellationToken), null);
        }
        catch (Exception error) when (error is DefinitionException or UnknownPipelineException)
        {
            return (null, error.Message);
        }
    }

    private static CatalogTable Describe(
        string pipeline, TableKey table, Dictionary<TableKey, DeltaSnapshot> snapshots, CompiledPipeline? compiled, PipelineLineage? known, string? problem)
    {
        var snapshot = snapshots[table];
        var step = known?.Maker(table);
        var descriptions = compiled?.DescriptionsOf(table) ?? new Dictionary<string, string>();
        return new CatalogTable
        {
            Layer = table.Layer,
            Pipeline = pipeline,
            Table = table.Name,
            Description = (step?.Kind is StepKind.Model or StepKind.Learn ? compiled?.DescriptionOf(table) : null) ?? snapshot.Description,
            Columns = [.. snapshot.Schema.Fields.Select(f => new CatalogColumn(f.Name, f.Type.ToString() ?? "", f.Nullable, descriptions.GetValueOrDefault(f.Name)))],
            PartitionColumns = snapshot.PartitionColumns,
            Source = known?.SourceOf(table),
            Upstream = known?.Upstream(table) ?? [],
            Downstream = known?.Downstream(table) ?? [],
            LastChange = new CatalogChange(snapshot.Version, snapshot.CommittedUtc, snapshot.LastCommit?.Operation ?? "unknown"),
            Rows = snapshot.Rows,
            Bytes = snapshot.Bytes,
            Files = snapshot.Files.Count,
            Quality = QualityOf(table, snapshots.GetValueOrDefault(Step.MakerOf(table))),
            Problem = problem ?? (step is null && !QualityTables.Has(table) ? $"No step of pipeline '{pipeline}' makes this table." : null),
        };
    }

    // Only cleaning checks rows; its books are in the commit of silver.
    private static CatalogQuality? QualityOf(TableKey table, DeltaSnapshot? maker)
    {
        var state = StepState.Of(maker, Step.MakerOf(table));
        return table.Layer is "silver" or "rejected" && state is { Rows: { In: > 0 } rows } && state.Inputs.Keys.SequenceEqual([$"bronze.{table.Name}"])
            ? new CatalogQuality(state.RunId, rows.In, rows.Rejected, rows.Warned, (double)rows.Rejected / rows.In)
            : null;
    }

    private static bool Holds(CatalogTable table, string search) => new[] { $"{table.Layer}.{table.Table}", table.Description }
        .Concat(table.Columns.SelectMany(c => new[] { c.Name, c.Description })).Any(text => text?.Contains(search, StringComparison.OrdinalIgnoreCase) == true);
}
