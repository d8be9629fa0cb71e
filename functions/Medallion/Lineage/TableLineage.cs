using Pipeline.Lakehouse.DuckDb.Lineage;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Lineage;

/// <summary>A column that another column, or a table's rows, depend on.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Column">Its name.</param>
/// <param name="Use">What it is used for.</param>
public sealed record ColumnSource(TableKey Table, string Column, ColumnUse Use);

/// <summary>Where a column comes from.</summary>
/// <param name="Column">Its name.</param>
/// <param name="From">The columns of other tables that it depends on. A constant, a count of rows and what a run itself adds depend on none.</param>
/// <param name="IsComplete">False: it depends on more, which cannot be told.</param>
public sealed record ColumnLineage(string Column, IReadOnlyList<ColumnSource> From, bool IsComplete);

/// <summary>Where the columns and rows of a table come from.</summary>
public sealed record TableLineage
{
    /// <summary>Its columns, in order.</summary>
    public required IReadOnlyList<ColumnLineage> Columns { get; init; }

    /// <summary>What decides which rows there are: joins, filters, groups, order.</summary>
    public IReadOnlyList<ColumnSource> Rows { get; init; } = [];

    /// <summary>Whether <see cref="Rows"/> is all that decides on the rows.</summary>
    public bool AreRowsComplete { get; init; } = true;

    internal static TableLineage Of(SelectLineage lineage, IEnumerable<string> columns)
    {
        var known = lineage.Columns.ToDictionary(column => column.Name);
        return new TableLineage
        {
            Columns = [.. columns.Select(name => known.TryGetValue(name, out var column) ? new ColumnLineage(name, Sources(column.Origins), column.IsComplete) : new ColumnLineage(name, [], IsComplete: false))],
            Rows = Sources(lineage.Rows),
            AreRowsComplete = lineage.AreRowsComplete,
        };
    }

    private static IReadOnlyList<ColumnSource> Sources(IEnumerable<ColumnOrigin> origins) => [.. origins.Select(origin => new ColumnSource(TableKey.Of(origin.Table), origin.Column, origin.Use))];
}

/// <summary>Where the tables of a pipeline come from, by its definition.</summary>
public sealed class PipelineLineage
{
    private readonly CompiledPipeline pipeline;

    internal PipelineLineage(CompiledPipeline pipeline, IReadOnlyDictionary<TableKey, TableLineage> tables) => (this.pipeline, Tables) = (pipeline, tables);

    /// <summary>What can be told of each table. Bronze is not among them: it comes from <see cref="SourceOf"/>.</summary>
    public IReadOnlyDictionary<TableKey, TableLineage> Tables { get; }

    /// <summary>The tables that a table is made from; empty where it is bronze or no step makes it.</summary>
    public IReadOnlyList<TableKey> Upstream(TableKey table) => Maker(table)?.Inputs ?? [];

    /// <summary>The tables that are made from a table, by layer and name.</summary>
    public IReadOnlyList<TableKey> Downstream(TableKey table) =>
        [.. pipeline.Steps.Where(step => step.Inputs.Contains(table)).SelectMany(Step.OutputsOf).OrderBy(made => TableKey.Layers.Index().First(layer => layer.Item == made.Layer).Index).ThenBy(made => made.Name, StringComparer.Ordinal)];

    /// <summary>What arrives in a bronze table, such as <c>landing/northwind/orders*.json</c>, <c>sql/northwind/public.orders</c> or <c>eventhub/events</c>; null for any other table.</summary>
    public string? SourceOf(TableKey table) => table.Layer == "bronze" && Maker(table) is not null ? pipeline.Source(table).Arrival : null;

    /// <summary>The step that makes a table, or null.</summary>
    public Step? Maker(TableKey table) => pipeline.Steps.FirstOrDefault(step => step.Table == Step.MakerOf(table));
}
