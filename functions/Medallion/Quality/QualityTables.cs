using System.Text.Json.Nodes;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Quality;

/// <summary>The tables in which verdicts are kept: <c>gold._quality_batches</c>, <c>_quality_columns</c> and <c>_quality_checks</c> of each pipeline.</summary>
internal sealed class QualityTables(LakeTables tables, DataFileWriter writer)
{
    /// <summary>A row for every batch and, with its name, for each of its partitions.</summary>
    public static TableKey Batches { get; } = new("gold", "_quality_batches");

    /// <summary>A row for every column of a batch.</summary>
    public static TableKey Columns { get; } = new("gold", "_quality_columns");

    /// <summary>A row for every check of a batch.</summary>
    public static TableKey Checks { get; } = new("gold", "_quality_checks");

    private const string Scores = """ "completeness": "DOUBLE", "accuracy": "DOUBLE", "timeliness": "DOUBLE", "schema": "DOUBLE", "consistency": "DOUBLE" """;
    private const int MaxPartitions = 1000;

    private static readonly IReadOnlyList<(TableKey Table, string Shape, string Description, Func<QualityReport, IEnumerable<JsonObject>> Rows)> Kept =
    [
        (Batches, $$"""
            {"run_id": "VARCHAR", "judged_at": "TIMESTAMPTZ", "table_name": "VARCHAR", "kind": "VARCHAR", "partition": "VARCHAR", "rows": "BIGINT", "accepted": "BIGINT", "warned": "BIGINT",
             "rejected": "BIGINT", "gold_rows": "BIGINT", "silver_rows": "BIGINT", {{Scores}}, "score": "DOUBLE", "tier": "VARCHAR", "verdict": "VARCHAR", "reason": "VARCHAR",
             "age_seconds": "DOUBLE", "warnings": ["VARCHAR"]}
            """, "The verdict on each batch, and on each of its partitions", OfBatch),
        (Columns, $$"""{"run_id": "VARCHAR", "judged_at": "TIMESTAMPTZ", "table_name": "VARCHAR", "kind": "VARCHAR", "column_name": "VARCHAR", "rows": "BIGINT", "missing": "BIGINT", {{Scores}}}""",
            "How each column of each batch came out", OfColumns),
        (Checks, """
            {"run_id": "VARCHAR", "judged_at": "TIMESTAMPTZ", "table_name": "VARCHAR", "rule": "VARCHAR", "column_name": "VARCHAR", "dimension": "VARCHAR", "weight": "DOUBLE", "otherwise": "VARCHAR",
             "checked": "BIGINT", "failed": "BIGINT", "share": "DOUBLE", "at_most": "DOUBLE", "verdict": "VARCHAR", "samples": [{"file": "VARCHAR", "row": "BIGINT", "value": "VARCHAR"}]}
            """, "How each check of each batch came out, with the first failing rows", OfChecks),
    ];

    /// <summary>Whether a table is one of them: no step makes them, but every run.</summary>
    public static bool Has(TableKey table) => Kept.Any(k => k.Table == table);

    /// <summary>Adds the verdicts of a run; a repeat adds nothing.</summary>
    public async Task AddAsync(DuckDbSession session, string pipeline, string runId, long number, IReadOnlyList<QualityReport> reports, string invocation, CancellationToken cancellationToken)
    {
        var commits = new List<Task>();
        foreach (var (table, shape, description, rows) in Kept)
        {
            var json = new JsonArray([.. reports.SelectMany(rows)]);
            session.Execute($"create or replace temp table quality_rows as select unnest(from_json({Sql.Literal(json.ToJsonString(Json.Options))}, {Sql.Literal($"[{shape}]")}), recursive := false) as r", cancellationToken);
            const string Select = "select r.* from quality_rows";
            var target = tables.Open(pipeline, table);
            var added = await writer.WriteAsync(session, Select, target.Root, [], invocation, cancellationToken);
            commits.Add(target.CommitAsync(
                new DeltaCommit
                {
                    Operation = "QUALITY",
                    Mode = CommitMode.Append,
                    Schema = DeltaSchema.FromDuckDb(session.Describe(Select)),
                    Add = added,
                    Transaction = new TransactionId("quality", number),
                    Description = description,
                    Metrics = new Dictionary<string, string> { ["runId"] = runId },
                },
                cancellationToken));
        }

        await Task.WhenAll(commits);
    }

    private static IEnumerable<JsonObject> OfBatch(QualityReport report)
    {
        yield return With(
            Of(report, report.Scores),
            ("kind", Text(report.Kind)), ("rows", report.Rows), ("accepted", report.Accepted), ("warned", report.Warned), ("rejected", report.Rejected), ("gold_rows", report.Tiers.Gold),
            ("silver_rows", report.Tiers.Silver), ("score", report.Score), ("tier", Text(report.Tier)), ("verdict", Text(report.Verdict)), ("reason", report.Reason), ("age_seconds", report.AgeSeconds),
            ("warnings", new JsonArray([.. report.Warnings.Select(w => (JsonNode)w)])));
        foreach (var partition in report.Partitions.OrderBy(p => p.Score).Take(MaxPartitions))
        {
            yield return With(
                Of(report, partition.Scores),
                ("kind", Text(report.Kind)), ("partition", partition.Partition), ("rows", partition.Rows), ("accepted", partition.Rows - partition.Rejected), ("rejected", partition.Rejected),
                ("score", partition.Score), ("tier", Text(partition.Tier)));
        }
    }

    private static IEnumerable<JsonObject> OfColumns(QualityReport report) => report.Columns.Select(c => With(
        Of(report, new DimensionScores { Completeness = c.Completeness, Accuracy = c.Accuracy, Schema = c.Schema, Consistency = c.Consistency }),
        ("kind", Text(report.Kind)), ("column_name", c.Column), ("rows", c.Rows), ("missing", c.Missing)));

    private static IEnumerable<JsonObject> OfChecks(QualityReport report) => report.Checks.Select(c => With(
        Of(report, new DimensionScores()),
        ("rule", c.Rule), ("column_name", c.Column), ("dimension", Text(c.Dimension)), ("weight", c.Weight), ("otherwise", Text(c.Otherwise)), ("checked", c.Checked), ("failed", c.Failed),
        ("share", c.Share), ("at_most", c.AtMost), ("verdict", Text(c.Verdict)),
        ("samples", new JsonArray([.. c.Samples.Select(s => With([], ("file", s.File), ("row", s.Row), ("value", s.Value)))]))));

    private static JsonObject Of(QualityReport report, DimensionScores scores) => With(
        [],
        ("run_id", report.RunId), ("judged_at", report.AtUtc), ("table_name", report.Table.ToString()), ("completeness", scores.Completeness), ("accuracy", scores.Accuracy),
        ("timeliness", scores.Timeliness), ("schema", scores.Schema), ("consistency", scores.Consistency));

    private static JsonObject With(JsonObject row, params IEnumerable<(string Name, JsonNode? Value)> values)
    {
        foreach (var (name, value) in values.Where(v => v.Value is not null))
        {
            row[name] = value;
        }

        return row;
    }

    private static string? Text(Enum? value) => value?.ToString().ToLowerInvariant();
}
