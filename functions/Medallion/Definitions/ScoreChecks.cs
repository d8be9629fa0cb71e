using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Definitions;

/// <summary>Checks which models score a source's rows: that they are there, look at columns of the source, and give columns that it does not have.</summary>
internal static class ScoreChecks
{
    /// <summary>Checks all sources, and that no model learns from what models say.</summary>
    public static void Check(PipelineDefinition definition, List<DefinitionProblem> problems)
    {
        foreach (var source in definition.Sources.Where(s => s.Score.Count > 0))
        {
            foreach (var name in source.Score.Distinct(StringComparer.Ordinal))
            {
                problems.AddRange(Problems(definition, source, name).Select(p => new DefinitionProblem(source.ScoreLine.File, source.ScoreLine.Number, p)));
            }

            if (source.Score.GroupBy(m => m, StringComparer.Ordinal).FirstOrDefault(m => m.Count() > 1) is { } twice)
            {
                problems.Add(new(source.ScoreLine.File, source.ScoreLine.Number, $"'score' of source '{source.Name}' names '{twice.Key}' more than once: name each model once"));
            }

            var given = ScoreColumns.Of(source).ToHashSet(StringComparer.Ordinal);
            foreach (var clusters in definition.Clusters.Where(c => c.From == new TableKey("silver", source.Name)))
            {
                problems.AddRange(clusters.Features.Where(f => given.Contains(f.Column)).Select(f => new DefinitionProblem(
                    clusters.Line.File, clusters.Line.Number, $"clusters '{clusters.Name}' look at '{f.Column}' of {clusters.From}, which is what a model says of its rows: expected columns of the source{Columns(source)}")));
            }
        }
    }

    private static IEnumerable<string> Problems(PipelineDefinition definition, SourceDefinition source, string name)
    {
        if (definition.Clusters.FirstOrDefault(c => c.Name == name) is not { } clusters)
        {
            var known = definition.Clusters.Count == 0 ? "one below 'clusters', of which there is none" : string.Join(" or ", definition.Clusters.Select(c => c.Name));
            return [$"'score' of source '{source.Name}' names '{name}', which is no model of clusters of this pipeline: expected {known}"];
        }

        return [.. Clashes(source, name), .. Unfit(source, clusters)];
    }

    private static IEnumerable<string> Clashes(SourceDefinition source, string name) =>
        ScoreColumns.Of(name).Where(n => source.Columns.Any(c => c.Name == n))
            .Select(n => $"model '{name}' gives rows of source '{source.Name}' the column '{n}', which is one of the source: rename the column, or the model");

    private static IEnumerable<string> Unfit(SourceDefinition source, ClusterDefinition clusters)
    {
        // Columns that are detected are known once there are rows.
        if (source.IsDetected || source.Columns.Any(c => c.Type.Length == 0))
        {
            yield break;
        }

        var what = $"'score' of source '{source.Name}': model '{clusters.Name}'";
        var absent = clusters.Features.Where(f => source.Columns.All(c => c.Name != f.Column)).ToList();
        foreach (var feature in absent)
        {
            yield return $"{what} looks at '{feature.Column}', which is not a column of the source: expected one of{Columns(source)[1..]}";
        }

        if (absent.Count == 0 && clusters.Features.Count > 0 && ProblemOf(source, clusters) is { } problem)
        {
            yield return $"{what} cannot look at its columns: {problem}";
        }
    }

    private static string? ProblemOf(SourceDefinition source, ClusterDefinition clusters)
    {
        try
        {
            var columns = MartColumns.Of($"source '{source.Name}'", source.Columns.Select(c => new DuckDbColumn(c.Name, CleanSql.TableType(source, c.Name))));
            _ = new FeatureSql(new FeatureQuery { Pipeline = "", From = "", Features = clusters.Features }, "(select)", columns);
            return null;
        }
        catch (Lakehouse.TerminalException error)
        {
            return error.Message;
        }
    }

    private static string Columns(SourceDefinition source) => source.Columns.Count == 0 ? "" : $": {string.Join(", ", source.Columns.Select(c => c.Name))}";
}
