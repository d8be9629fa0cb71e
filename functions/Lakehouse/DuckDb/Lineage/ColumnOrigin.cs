namespace Pipeline.Lakehouse.DuckDb.Lineage;

/// <summary>What a column of a table is for something that a query makes.</summary>
/// <param name="Table">The table, in lower case.</param>
/// <param name="Column">The column, as the table has it.</param>
/// <param name="Use">What for.</param>
public sealed record ColumnOrigin(TableName Table, string Column, ColumnUse Use);

/// <summary>What a column is used for: the subtypes of OpenLineage's column lineage. The first three give the value; the others decide on it or on its row.</summary>
public enum ColumnUse
{
    /// <summary>The value is passed through.</summary>
    Identity,

    /// <summary>The value is computed from it.</summary>
    Transformation,

    /// <summary>The value is an aggregate of many rows of it.</summary>
    Aggregation,

    /// <summary>Rows are joined by it.</summary>
    Join,

    /// <summary>Rows are grouped by it, or kept once a value.</summary>
    GroupBy,

    /// <summary>Rows are kept or left out by it.</summary>
    Filter,

    /// <summary>Rows are sorted by it.</summary>
    Sort,

    /// <summary>A window is partitioned or ordered by it.</summary>
    Window,

    /// <summary>One of several values is chosen by it.</summary>
    Conditional,
}
