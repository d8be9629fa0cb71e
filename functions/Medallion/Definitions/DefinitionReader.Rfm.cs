using Pipeline.Medallion.Models.Rfm;

namespace Pipeline.Medallion.Definitions;

/// <summary>Keys of a table that are scored by recency, frequency and monetary value: three models.</summary>
/// <param name="Name">The name of the table in gold.</param>
/// <param name="Scoring">What is scored, and how the scores make segments.</param>
/// <param name="Line">Where it stands in pipeline.yaml.</param>
internal sealed record RfmModels(string Name, RfmDefinition Scoring, SourceLine Line)
{
    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>The scores and the segment of each key; the segments that each key has been in; how many have moved from which to which.</summary>
    public IEnumerable<ModelDefinition> Models
    {
        get
        {
            var (table, history, migration) = (new TableKey("gold", Name), new TableKey("gold", $"{Name}_history"), new TableKey("gold", $"{Name}_migration"));
            yield return new ModelDefinition { Table = table, Sql = RfmSql.Of(Scoring), Key = [Scoring.Key], Description = Description, Line = Line };
            yield return new ModelDefinition
            {
                Table = history,
                Sql = $"select {Scoring.Key}, segment, run_time() as since from {table}",
                Key = [Scoring.Key],
                History = new HistoryDefinition { Sequence = "since" },
                Description = $"The segments of {table} that each key has been in",
                Line = Line,
            };
            yield return new ModelDefinition
            {
                Table = migration,
                Sql = $"""
                    select moved_at, from_segment, to_segment, count(*) as moved
                    from (select valid_from as moved_at, lag(segment) over (partition by {Scoring.Key} order by valid_from) as from_segment, segment as to_segment from {history})
                    where from_segment is not null group by all order by all
                    """,
                Key = ["moved_at", "from_segment", "to_segment"],
                Description = $"How many keys of {table} have moved from one segment to another, by the run that saw it",
                Line = Line,
            };
        }
    }
}

/// <content>Scores by recency, frequency and monetary value.</content>
internal sealed partial class DefinitionReader
{
    private static readonly string[] RfmColumns = ["key", "date", "amount", "purchase"];

    private IEnumerable<RfmModels> ReadRfm(YamlMap root, IReadOnlyList<ModelDefinition> models)
    {
        foreach (var (name, map) in root.Maps("rfm", "rfm"))
        {
            CheckName(name, "rfm", map.Line);
            map.AllowOnly(PipelineKeys.Rfm);
            var from = ReadLearnedFrom(map, $"rfm '{name}'");
            var names = RfmColumns.ToDictionary(k => k, k => k == "purchase" ? map.Text(k) : map.RequiredText(k));
            foreach (var (key, column) in names.Where(n => n.Value is { Length: > 0 } text && !TableKey.IsName(text)))
            {
                map.ProblemAt(key, $"'{key}' of rfm '{name}' is '{column}': expected the name of a column, of lower-case letters, digits and '_'");
            }

            var segments = map.Map("segments", $"'segments' of rfm '{name}'");
            var rfm = new RfmModels(
                name,
                new RfmDefinition
                {
                    Query = $"select * from {from}",
                    Key = names["key"] ?? "",
                    Date = names["date"] ?? "",
                    Amount = names["amount"] ?? "",
                    Purchase = names["purchase"],
                    Scores = (int)(ReadNumber(map, "scores", $"rfm '{name}'", 2, 100) ?? 5),
                    Segments = segments is null ? RfmDefinition.DefaultSegments : [.. segments.Keys.Select(s => new RfmSegment(s, segments.RequiredText(s)))],
                    OtherSegment = map.Text("other") ?? "Potential",
                },
                map.Line)
            {
                Description = map.Text("description"),
            };
            RefuseClash(map, [.. rfm.Models.Select(m => m.Table)], models);
            yield return rfm;
        }
    }
}
