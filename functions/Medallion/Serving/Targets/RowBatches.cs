using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>Rows of a result as the parameters of statements, in batches of a bounded size.</summary>
/// <param name="rows">Gives the rows.</param>
internal sealed class RowBatches(DuckDbResult rows)
{
    private const int MaxValues = 5000;
    private const int MaxBytes = 1 << 20;

    /// <summary>How many values a row has.</summary>
    public int Width => rows.Columns.Count;

    /// <summary>The values of the next rows, row after row; empty after the last one.</summary>
    public IReadOnlyList<object?> Next()
    {
        var values = new List<object?>();
        var bytes = 0;
        while (values.Count + Width <= MaxValues && bytes < MaxBytes && rows.Read())
        {
            for (var at = 0; at < Width; at++)
            {
                // Times are UTC on both sides.
                var value = rows[at] is DateTimeOffset time ? time.UtcDateTime : rows[at];
                bytes += value switch { string text => text.Length, byte[] content => content.Length, _ => sizeof(long) };
                values.Add(value);
            }
        }

        return values;
    }
}
