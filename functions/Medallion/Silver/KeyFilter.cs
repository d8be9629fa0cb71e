using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Silver;

/// <summary>The least and the greatest value of each column of the key among some rows; tells which files of silver may hold one of their keys.</summary>
/// <param name="Bounds">By column of the key, as DuckDB prints the values; empty where there are no rows.</param>
internal sealed record KeyFilter(IReadOnlyList<KeyBounds> Bounds)
{
    /// <summary>The bounds of a relation's keys.</summary>
    public static KeyFilter Of(DuckDbSession session, IReadOnlyList<string> key, string relation, CancellationToken cancellationToken)
    {
        var bounds = key.Select(Sql.Identifier).Select(k => $"min({k})::varchar, max({k})::varchar");
        var found = session.Query($"select {string.Join(", ", bounds)} from {relation}", cancellationToken).Rows().Single();
        return new KeyFilter(found.Any(v => v is null) ? [] : [.. key.Select((_, i) => new KeyBounds((string)(found[2 * i] ?? ""), (string)(found[(2 * i) + 1] ?? "")))]);
    }

    /// <summary>The files of a snapshot that may hold a key between the bounds. Columns that are lists, maps or structs tell nothing.</summary>
    public IReadOnlyList<AddFile> Among(IReadOnlyList<string> key, DeltaSnapshot silver) => Bounds.Count == 0
        ? []
        : new FileFilter([.. key.Zip(Bounds).Where(k => silver.Schema.Find(k.First)?.Type is PrimitiveType).SelectMany(k => new[]
        {
            new ColumnCondition(k.First, FileComparison.AtLeast, k.Second.Low),
            new ColumnCondition(k.First, FileComparison.AtMost, k.Second.High),
        })]).Narrow(silver).Files;
}

/// <summary>The least and the greatest value of a column.</summary>
internal sealed record KeyBounds(string Low, string High);
