using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Tests.Quality;

/// <summary>Pipelines of one source <c>f</c> over CSV, and what is told of their quality.</summary>
internal static class QualityPipeline
{
    public static Task<TestPipeline> CreateAsync(MedallionFixture medallion, string columns, string more = "", string rest = "", params (string Table, string Sql)[] models) => TestPipeline.CreateAsync(
        medallion, Yaml(columns, more, rest), models);

    public static string Yaml(string columns, string more = "", string rest = "") =>
        $"sources:\n  f:\n    connector: file\n    path: $/*.csv\n{Indent(more, 4)}    columns:\n{Indent(columns, 6)}{rest}";

    /// <summary>The verdict on the newest batch of a table.</summary>
    public static async Task<JsonNode> VerdictAsync(this TestPipeline pipeline, string table = "silver.f", string? run = null)
    {
        var all = await pipeline.Floor.GetRequiredService<QualityResults>().ReadAsync(pipeline.Name, run, TestContext.Current.CancellationToken);
        return all.Single(v => v["table"]!.GetValue<string>() == table);
    }

    /// <summary>Checks as <c>rule failed/checked</c>, in the order of their names.</summary>
    public static IReadOnlyList<string> Checks(this JsonNode verdict, bool failedOnly = true) =>
    [
        .. verdict["checks"]!.AsArray().Where(c => !failedOnly || c!["failed"]!.GetValue<long>() > 0)
            .Select(c => $"{c!["rule"]} {c["failed"]}/{c["checked"]}").Order(StringComparer.Ordinal),
    ];

    public static double? Score(this JsonNode verdict, string dimension) => verdict["scores"]![dimension]?.GetValue<double>();

    private static string Indent(string text, int by) => string.Concat(text.Split('\n').Where(l => l.Length > 0).Select(l => $"{new string(' ', by)}{l}\n"));
}
