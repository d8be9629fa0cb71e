using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Schemas.Sources;

namespace Pipeline.Medallion.Bronze;

/// <summary>Brings the columns that files were found to have under one schema.</summary>
internal static class DetectedColumns
{
    /// <summary>Known columns keep their type; new ones get the narrowest type that fits all files that have them.</summary>
    /// <param name="known">The columns registered so far: a later file that does not fit them gives rejected rows, not another schema.</param>
    /// <param name="files">The columns of each new file, in order.</param>
    /// <param name="evolution">Whether known types widen, and whether columns that are not known yet become so; null: they do not widen, and do.</param>
    public static IReadOnlyList<DetectedColumn> Merge(IReadOnlyList<DetectedColumn> known, IEnumerable<IReadOnlyList<DetectedColumn>> files, SchemaEvolution? evolution = null)
    {
        var merged = known.ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase);
        var order = known.Select(c => c.Name).ToList();
        var isFirst = known.Count == 0;
        foreach (var file in files.Where(f => f.Count > 0))
        {
            foreach (var column in file.Where(c => known.Count == 0 || evolution is not (SchemaEvolution.Freeze or SchemaEvolution.Discard) || merged.ContainsKey(c.Name)))
            {
                if (!merged.TryGetValue(column.Name, out var other))
                {
                    order.Add(column.Name);
                    merged[column.Name] = column with { Nullable = column.Nullable || !isFirst };
                    continue;
                }

                var isKnown = known.Any(k => string.Equals(k.Name, column.Name, StringComparison.OrdinalIgnoreCase));
                merged[column.Name] = other with
                {
                    Type = isKnown && evolution != SchemaEvolution.Evolve ? other.Type : Widest(other.Type, column.Type),
                    Nullable = other.Nullable || column.Nullable,
                    Examples = other.Examples ?? column.Examples,
                    Structure = JsonStructure.Merge(other.Structure, column.Structure),
                };
            }

            foreach (var missing in merged.Keys.Where(name => file.All(c => !string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase))).ToList())
            {
                merged[missing] = merged[missing] with { Nullable = true };
            }

            isFirst = false;
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
