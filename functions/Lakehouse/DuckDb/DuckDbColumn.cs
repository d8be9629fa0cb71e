namespace Pipeline.Lakehouse.DuckDb;

/// <summary>A column of a result.</summary>
/// <param name="Name">As the query names it; may repeat within one result.</param>
/// <param name="Type">As DuckDB writes it: <c>DECIMAL(18,4)</c>, <c>STRUCT(a INTEGER)</c>, <c>TIMESTAMP WITH TIME ZONE</c>.</param>
public sealed record DuckDbColumn(string Name, string Type);
