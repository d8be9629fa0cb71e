using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Delta;

/// <summary>How a column is compared.</summary>
public enum FileComparison
{
    /// <summary>Equal to one of the values.</summary>
    In,

    /// <summary>Less than the value.</summary>
    Less,

    /// <summary>Less than the value, or equal.</summary>
    AtMost,

    /// <summary>Greater than the value.</summary>
    Greater,

    /// <summary>Greater than the value, or equal.</summary>
    AtLeast,

    /// <summary>Null.</summary>
    IsNull,

    /// <summary>Not null.</summary>
    IsNotNull,
}

/// <summary>A condition on one column of a table.</summary>
/// <param name="Column">A column of the table that is no list, map or struct.</param>
/// <param name="Comparison">How it is compared.</param>
/// <param name="Values">One value, any number with <see cref="FileComparison.In"/>, none with the last two: as DuckDB prints a value of the column's type
/// (<c>CAST(… AS VARCHAR)</c>).</param>
public sealed record ColumnCondition(string Column, FileComparison Comparison, params IReadOnlyList<string> Values)
{
    // NULL in any comparison gives NULL, which is no match; NaN is above all numbers and equal to itself, as DuckDB has it.
    internal bool MayHold(ColumnRange range, PrimitiveType type) => Comparison switch
    {
        FileComparison.IsNull => range.MayHoldNull,
        FileComparison.IsNotNull => range.MayHoldValue,
        _ when !range.MayHoldValue => false,
        FileComparison.In => Values.Any(value => ColumnValue.Parse(type, value) is not { } known || (!(range.Low?.CompareTo(known) > 0) && !(range.High?.CompareTo(known) < 0))),
        _ when ColumnValue.Parse(type, Values[0]) is not { } => true,
        FileComparison.Less => !(range.Low?.CompareTo(ColumnValue.Parse(type, Values[0])) >= 0),
        FileComparison.AtMost => !(range.Low?.CompareTo(ColumnValue.Parse(type, Values[0])) > 0),
        FileComparison.Greater => range.MayHoldNaN || !(range.High?.CompareTo(ColumnValue.Parse(type, Values[0])) <= 0),
        _ => range.MayHoldNaN || !(range.High?.CompareTo(ColumnValue.Parse(type, Values[0])) < 0),
    };

    internal string ToSql(DeltaField field)
    {
        var column = Sql.Identifier(field.Name);
        var values = string.Join(", ", Values.Select(value => $"CAST({Sql.Literal(value)} AS {DeltaTypes.ToDuckDb(field.Type)})"));
        return Comparison switch
        {
            FileComparison.IsNull => $"{column} IS NULL",
            FileComparison.IsNotNull => $"{column} IS NOT NULL",
            FileComparison.In => Values.Count == 0 ? "false" : $"{column} IN ({values})",
            FileComparison.Less => $"{column} < {values}",
            FileComparison.AtMost => $"{column} <= {values}",
            FileComparison.Greater => $"{column} > {values}",
            _ => $"{column} >= {values}",
        };
    }
}

/// <summary>Conditions that hold together. A table's files are held against them by partition values and statistics, before any is fetched.</summary>
/// <remarks>A file is left out only where it is certain that none of its rows match; those that stay may still hold rows that do not.
/// <see cref="ToSql"/> is for these. A value or bound that cannot be understood (an infinite date, a bound some writer cut) leaves no file out.</remarks>
/// <param name="Conditions">All of them must hold; none leaves all files.</param>
public sealed record FileFilter(params IReadOnlyList<ColumnCondition> Conditions)
{
    /// <summary>The snapshot with those of its files that may hold matching rows.</summary>
    /// <exception cref="TerminalException">A condition names a column that the table lacks or that cannot be compared, or has a wrong number of values.</exception>
    public DeltaSnapshot Narrow(DeltaSnapshot snapshot)
    {
        var conditions = Conditions.Select(condition => (condition, Field: Field(condition, snapshot.Schema))).ToList();
        return snapshot with
        {
            Files = [.. snapshot.Files.Where(file => conditions.TrueForAll(pair => pair.Field.Type is not PrimitiveType type
                || pair.condition.MayHold(ColumnRange.Of(file, pair.Field.Name, type, snapshot.PartitionColumns), type)))],
        };
    }

    /// <summary>The conditions as an SQL expression over the table's columns; <c>true</c> where there are none.</summary>
    /// <inheritdoc cref="Narrow" path="/exception"/>
    public string ToSql(DeltaSchema schema) =>
        Conditions.Count == 0 ? "true" : string.Join(" AND ", Conditions.Select(condition => condition.ToSql(Field(condition, schema))));

    private static DeltaField Field(ColumnCondition condition, DeltaSchema schema)
    {
        var field = schema.Find(condition.Column) ?? throw new TerminalException($"The filter names the column '{condition.Column}', which the table lacks: it has ({schema}).");
        var values = condition.Comparison switch
        {
            FileComparison.In => condition.Values.Count,
            FileComparison.IsNull or FileComparison.IsNotNull => 0,
            _ => 1,
        };
        return condition.Values.Count != values
            ? throw new TerminalException($"The condition {condition.Comparison} on the column '{condition.Column}' has {condition.Values.Count} values; expected {values}.")
            : field.Type is PrimitiveType || values == 0
                ? field
                : throw new TerminalException($"The filter compares the column '{condition.Column}', a {field.Type}; expected one that is no list, map or struct.");
    }
}
