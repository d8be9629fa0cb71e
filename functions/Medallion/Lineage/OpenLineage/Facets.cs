using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb.Lineage;

namespace Pipeline.Medallion.Lineage.OpenLineage;

/// <summary>The facets that are told of (OpenLineage, spec/facets, as of 2-0-2).</summary>
internal static class Facets
{
    public static JsonObject Parent(JsonObject run, JsonObject job) => Facet("1-2-0", "ParentRunFacet", ("run", run), ("job", job));

    public static JsonObject NominalTime(DateTimeOffset time) => Facet("1-0-1", "NominalTimeRunFacet", ("nominalStartTime", Time(time)));

    public static JsonObject Error(string message) => Facet("1-0-1", "ErrorMessageRunFacet", ("message", message), ("programmingLanguage", "SQL"));

    public static JsonObject JobType(string type) => Facet("2-0-4", "JobTypeJobFacet", ("processingType", "BATCH"), ("integration", "PIPELINE"), ("jobType", type));

    public static JsonObject JobDocumentation(string text) => Facet("1-1-0", "DocumentationJobFacet", ("description", text));

    public static JsonObject Sql(string query) => Facet("1-1-0", "SQLJobFacet", ("query", query), ("dialect", "duckdb"));

    public static JsonObject DatasetDocumentation(string text) => Facet("1-1-0", "DocumentationDatasetFacet", ("description", text));

    public static JsonObject DataSource(Uri lake) => Facet("1-0-1", "DatasourceDatasetFacet", ("name", lake.Host), ("uri", lake.OriginalString));

    public static JsonObject Version(string version) => Facet("1-0-1", "DatasetVersionDatasetFacet", ("datasetVersion", version));

    public static JsonObject Schema(DeltaSchema schema, IReadOnlyDictionary<string, string> descriptions) => Facet("1-2-0", "SchemaDatasetFacet", ("fields", new JsonArray([.. schema.Fields.Select((field, index) =>
    {
        var described = new JsonObject { ["name"] = field.Name, ["type"] = field.Type.ToString(), ["ordinal_position"] = index + 1 };
        if (descriptions.TryGetValue(field.Name, out var text))
        {
            described["description"] = text;
        }

        return described;
    })])));

    /// <summary>What the commit wrote.</summary>
    public static JsonObject OutputStatistics(HistoryEntry commit) => Facet(
        "1-0-2", "OutputStatisticsOutputDatasetFacet", ("rowCount", Number(commit, "numOutputRows")), ("size", Number(commit, "numOutputBytes")), ("fileCount", Number(commit, "numFiles")));

    /// <summary>Columns of which not everything can be told are left out, and so is what decides on the rows.</summary>
    public static JsonObject ColumnLineage(TableLineage lineage, Func<ColumnSource, (string Namespace, string Name)> name)
    {
        var fields = lineage.Columns.Where(column => column.IsComplete).Select(column => KeyValuePair.Create(column.Column, (JsonNode?)new JsonObject { ["inputFields"] = InputFields(column.From, name) }));
        return Facet("1-2-0", "ColumnLineageDatasetFacet", ("fields", new JsonObject(fields)), ("dataset", InputFields(lineage.AreRowsComplete ? lineage.Rows : [], name)));
    }

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static JsonArray InputFields(IEnumerable<ColumnSource> sources, Func<ColumnSource, (string Namespace, string Name)> name) =>
        [.. sources.GroupBy(source => (source.Table, source.Column)).Select(source => new JsonObject
        {
            ["namespace"] = name(source.First()).Namespace,
            ["name"] = name(source.First()).Name,
            ["field"] = source.Key.Column,
            ["transformations"] = new JsonArray([.. source.Select(use => new JsonObject { ["type"] = use.Use <= ColumnUse.Aggregation ? "DIRECT" : "INDIRECT", ["subtype"] = Subtype(use.Use), ["masking"] = false })]),
        })];

    private static string Subtype(ColumnUse use) => use == ColumnUse.GroupBy ? "GROUP_BY" : use.ToString().ToUpperInvariant();

    private static long Number(HistoryEntry commit, string metric) => long.TryParse(commit.Metrics.GetValueOrDefault(metric), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static JsonObject Facet(string version, string type, params ReadOnlySpan<(string Name, JsonNode? Value)> content)
    {
        var facet = new JsonObject { ["_producer"] = LineageNames.Producer, ["_schemaURL"] = $"https://openlineage.io/spec/facets/{version}/{type}.json#/$defs/{type}" };
        foreach (var (name, value) in content)
        {
            facet[name] = value;
        }

        return facet;
    }
}
