using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Schemas.Sources;

/// <summary>Raw fields that a source's columns do not read.</summary>
internal static class UnknownFields
{
    /// <summary>The columns of bronze that no column of the source reads.</summary>
    public static IReadOnlyList<string> Of(SourceDefinition source, IEnumerable<DuckDbColumn> bronze)
    {
        var read = ReadBy(source);
        return [.. bronze.Select(c => c.Name).Where(name => !BronzeColumns.IsTechnical(name) && !read.Contains(name))];
    }

    /// <summary>The source with a column for each field that was detected and that it does not read, if it evolves.</summary>
    public static SourceDefinition Adopt(SourceDefinition source, IReadOnlyList<DetectedColumn> detected)
    {
        if (source.Evolution != SchemaEvolution.Evolve)
        {
            return source;
        }

        var read = ReadBy(source);
        var taken = source.Columns.Select(c => c.Name).Concat(source.Partition?.As ?? []).Concat(ScoreColumns.Of(source)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var columns = source.Columns.ToList();
        foreach (var field in detected.Where(d => !read.Contains(ColumnNames.ForTable(d.Name))))
        {
            var name = ColumnNames.ForSilver(field.Name);
            while (!taken.Add(name))
            {
                name += "_raw";
            }

            columns.Add(new ColumnDefinition { Name = name, From = field.Name, Type = field.Type, Line = source.Line });
        }

        return source with { Columns = columns };
    }

    private static HashSet<string> ReadBy(SourceDefinition source) =>
        source.Columns.SelectMany(c => c.Expr is null ? [c.From ?? c.Name] : c.Reads).Select(ColumnNames.ForTable).ToHashSet(StringComparer.OrdinalIgnoreCase);
}
