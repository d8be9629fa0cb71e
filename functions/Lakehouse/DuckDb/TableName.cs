namespace Pipeline.Lakehouse.DuckDb;

/// <summary>A table or view as a statement names it.</summary>
/// <param name="Schema">Null where the statement gives none.</param>
public readonly record struct TableName(string? Schema, string Name)
{
    /// <summary>As it stands in SQL without quotes; for messages.</summary>
    public override string ToString() => Schema is null ? Name : $"{Schema}.{Name}";
}
