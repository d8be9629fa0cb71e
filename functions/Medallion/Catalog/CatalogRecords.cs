using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Lineage;

namespace Pipeline.Medallion.Catalog;

/// <summary>A table as the catalogue tells of it.</summary>
public sealed record CatalogTable
{
    /// <summary>bronze, silver, gold or rejected.</summary>
    public required string Layer { get; init; }

    /// <summary>The pipeline that owns it.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table's name.</summary>
    public required string Table { get; init; }

    /// <summary>What it is.</summary>
    public string? Description { get; init; }

    /// <summary>Its columns.</summary>
    public required IReadOnlyList<CatalogColumn> Columns { get; init; }

    /// <summary>The columns that it is partitioned by.</summary>
    public required IReadOnlyList<string> PartitionColumns { get; init; }

    /// <summary>What arrives in it (bronze).</summary>
    public string? Source { get; init; }

    /// <summary>The tables of the pipeline that it is made from.</summary>
    public IReadOnlyList<TableKey> Upstream { get; init; } = [];

    /// <summary>The tables of the pipeline that are made from it.</summary>
    public IReadOnlyList<TableKey> Downstream { get; init; } = [];

    /// <summary>Its newest version.</summary>
    public required CatalogChange LastChange { get; init; }

    /// <summary>Its rows.</summary>
    public required long Rows { get; init; }

    /// <summary>Size of its data files.</summary>
    public required long Bytes { get; init; }

    /// <summary>Its data files.</summary>
    public required int Files { get; init; }

    /// <summary>How good the rows were that the step which makes it last read; not there where it checks none.</summary>
    public CatalogQuality? Quality { get; init; }

    /// <summary>Why the definition tells nothing of it: the definition is gone, is broken, or has no step that makes it.</summary>
    public string? Problem { get; init; }
}

/// <summary>A column of a table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its Delta type.</param>
/// <param name="Nullable">Whether it may be null.</param>
/// <param name="Description">What it is, where the definition says so.</param>
public sealed record CatalogColumn(string Name, string Type, bool Nullable, string? Description);

/// <summary>The last commit of a table.</summary>
/// <param name="Version">The version that it made.</param>
/// <param name="CommittedUtc">When.</param>
/// <param name="Operation">What its writer called it.</param>
public sealed record CatalogChange(long Version, DateTimeOffset CommittedUtc, string Operation);

/// <summary>The books of a step that checks rows, as its last run left them.</summary>
/// <param name="RunId">The run.</param>
/// <param name="RowsIn">Rows read.</param>
/// <param name="RowsRejected">Rows that failed a rule.</param>
/// <param name="RowsWarned">Rows that failed a rule which only warns.</param>
/// <param name="RejectedShare">From 0 to 1.</param>
public sealed record CatalogQuality(string RunId, long RowsIn, long RowsRejected, long RowsWarned, double RejectedShare);

/// <summary>A table with the lineage of its columns.</summary>
public sealed record CatalogTableDetail
{
    /// <summary>What the list shows of it.</summary>
    public required CatalogTable Table { get; init; }

    /// <summary>Where its columns come from and where they go.</summary>
    public required IReadOnlyList<CatalogColumnLineage> Columns { get; init; }

    /// <summary>What decides which rows there are: joins, filters, groups, order.</summary>
    public required IReadOnlyList<ColumnSource> Rows { get; init; }

    /// <summary>Whether <see cref="Rows"/> is all that decides on the rows.</summary>
    public required bool AreRowsComplete { get; init; }
}

/// <summary>The lineage of a column.</summary>
public sealed record CatalogColumnLineage
{
    /// <summary>Its name.</summary>
    public required string Column { get; init; }

    /// <summary>The columns that it depends on; those of bronze depend on none, for they come from the source.</summary>
    public required IReadOnlyList<ColumnSource> Upstream { get; init; }

    /// <summary>Whether <see cref="Upstream"/> is all that it depends on; what cannot be told is left out.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>The columns that depend on it.</summary>
    public required IReadOnlyList<ColumnSource> Downstream { get; init; }

    /// <summary>The tables whose rows depend on it: they are joined, filtered, grouped or sorted by it.</summary>
    public required IReadOnlyList<TableKey> DecidesRowsOf { get; init; }
}
