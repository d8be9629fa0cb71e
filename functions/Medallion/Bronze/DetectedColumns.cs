using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Bronze;

/// <summary>Brings the columns that files were found to have under one schema.</summary>
internal static class DetectedColumns
{
    /// <summary>Known columns keep their type; new ones get the narrowest type that fits all files that have them.</summary>
    /// <param name="known">The columns registered so far: a later file that does not fit them gives rejected rows, not another schema.</param>
    /// <param name="files">The columns of each new file, in order.</param>
    public static IReadOnlyList<DetectedColumn> Merge(IReadOnlyList<DetectedColumn> known, IEnumerable<IReadOnlyList<DetectedColumn>> files)
    {
        var merged = known.ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase);
        var order = known.Select(c => c.Name).ToList();
        foreach (var column in files.SelectMany(f => f))
        {
            if (!merged.TryGetValue(column.Name, out var other))
            {
                order.Add(column.Name);
                merged[column.Name] = column;
            }
            else if (known.All(k => !string.Equals(k.Name, column.Name, StringComparison.OrdinalIgnoreCase)))
            {
                merged[column.Name] = other with { Type = Widest(other.Type, column.Type) };
            }
        }

        return [.. order.Select(name => merged[name])];
    }

    /// <summary>The columns as they are registered: what had no value is text.</summary>
    public static IReadOnlyList<DetectedColumn> Settle(IReadOnlyList<DetectedColumn> columns) =>
        [.. columns.Select(c => c.Type == DetectedColumn.Unknown ? c with { Type = "VARCHAR" } : c)];

    private static string Widest(string a, string b) => (a, b) switch
    {
        _ when a == b => a,
        (DetectedColumn.Unknown, _) => b,
        (_, DetectedColumn.Unknown) => a,
        ("BIGINT", "DOUBLE") or ("DOUBLE", "BIGINT") => "DOUBLE",
        ("DATE", "TIMESTAMP WITH TIME ZONE") or ("TIMESTAMP WITH TIME ZONE", "DATE") => "TIMESTAMP WITH TIME ZONE",
        _ => "VARCHAR",
    };
}
