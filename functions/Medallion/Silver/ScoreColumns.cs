using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Silver;

/// <summary>The columns of silver that models give: of each model that scores a source's rows four, which are null where it says nothing.</summary>
internal static class ScoreColumns
{
    private static readonly (string Name, string Type, string Means)[] Parts =
    [
        ("cluster", "bigint", "The nearest cluster of model {0}, from 0"),
        ("distance", "double", "The distance to its centroid, on the scale of the features of model {0}"),
        ("anomaly_score", "double", "By how many deviations the distance is above the cluster's median, says model {0}"),
        ("anomaly", "boolean", "Whether the row is an anomaly, says model {0}"),
    ];

    /// <summary>The names, in the order of the table.</summary>
    public static IEnumerable<string> Of(string model) => Parts.Select(p => $"{model}_{p.Name}");

    /// <summary>The names of all models, in the order of the table.</summary>
    public static IEnumerable<string> Of(SourceDefinition source) => source.Score.SelectMany(Of);

    /// <summary>What the columns mean, for people.</summary>
    public static IEnumerable<(string Name, string Text)> Described(SourceDefinition source) =>
        source.Score.SelectMany(m => Parts.Select(p => ($"{m}_{p.Name}", p.Means.Replace("{0}", m, StringComparison.Ordinal))));

    /// <summary>What a SELECT of silver's columns ends with, without rows.</summary>
    public static string Empty(SourceDefinition source) =>
        string.Concat(source.Score.SelectMany(m => Parts.Select(p => $", null::{p.Type} as {Sql.Identifier($"{m}_{p.Name}")}")));

    /// <summary>The session's table with what a model says of rows, by <c>_file</c> and <c>_row</c>.</summary>
    private static string TableOf(int model) => string.Create(CultureInfo.InvariantCulture, $"scores_{model}");

    /// <summary>The same, of a model by its name.</summary>
    public static string TableOf(SourceDefinition source, string model) => TableOf(source.Score.Index().First(m => m.Item == model).Index);

    /// <summary>Creates the tables, without rows.</summary>
    public static void Create(DuckDbSession session, SourceDefinition source)
    {
        for (var model = 0; model < source.Score.Count; model++)
        {
            session.Execute($"create temp table {TableOf(model)} (_file varchar, _row bigint{string.Concat(Parts.Select(p => $", {p.Name} {p.Type}"))})");
        }
    }

    /// <summary>Rows with what the session's tables say of them.</summary>
    public static string Beside(SourceDefinition source, string rows) => source.Score.Count == 0
        ? rows
        : $"select valid.*{string.Concat(source.Score.SelectMany((m, i) => Parts.Select(p => $", {TableOf(i)}.{p.Name} as {Sql.Identifier($"{m}_{p.Name}")}")))} from ({rows}) valid"
            + string.Concat(source.Score.Select((_, i) => $" left join {TableOf(i)} on valid._file = {TableOf(i)}._file and valid._row = {TableOf(i)}._row"));
}
