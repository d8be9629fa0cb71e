using System.Text.Json;
using Pipeline.Testing;

namespace Pipeline.Local.Tests;

/// <summary>What the README promises, with the real app.</summary>
public sealed class EndToEndTests(RealApp app, AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = app.NewShell(azurite);

    public void Dispose() => shell.Dispose();

    [Fact]
    public void Up_Sample_PrintsTablesMetricsCountriesAndSegments()
    {
        var output = app.Launcher.Output;

        Assert.Matches(@"(?m)^total_revenue +1,265,793\.0395$", output);
        Assert.Matches(@"(?m)^bronze +orders +830 +0 ", output);
        Assert.Matches(@"(?m)^silver +sales +2,155 +0 ", output);
        Assert.Matches(@"(?m)^gold +customer_rfm +89 +0 ", output);
        Assert.Matches(@"(?m)^ +1 +USA +245584\.6105 +122$", output);
        Assert.Matches(@"(?m)^Champions +\d+$", output);
        Assert.Matches(@"(?m)^Run northwind\.\d+ of northwind succeeded in [\d.]+ s: 26 steps\.$", output);
        Assert.Matches(@"(?m)^Clusters of customer\s+cluster +size +recency_days +frequency +monetary\s+0 +\d+ ", output);
        Assert.Matches(@"(?m)^Forecast of revenue\s+time +value +low +high\s+2014-05-01 +[\d.]+ +[\d.]+ +[\d.]+$", output);
    }

    [Fact]
    public async Task Run_SampleAgain_SummarisesAllUnchanged()
    {
        var (exitCode, output, _) = await shell.RunAsync("run", "northwind", "--json");

        using var document = JsonDocument.Parse(output);
        var summary = document.RootElement;
        Assert.Equal(0, exitCode);
        Assert.Equal(["runId", "pipeline", "status", "seconds", "steps", "metrics", "quality"], summary.EnumerateObject().Select(p => p.Name));
        Assert.Equal("succeeded", summary.GetProperty("status").GetString());
        Assert.Equal(26, summary.GetProperty("steps").GetArrayLength());
        Assert.All(summary.GetProperty("steps").EnumerateArray(), step =>
        {
            Assert.Equal(["name", "kind", "status", "rowsIn", "rowsOut", "rowsRejected", "table", "version", "seconds"], step.EnumerateObject().Select(p => p.Name));
            Assert.Equal(("unchanged", 0), (step.GetProperty("status").GetString(), step.GetProperty("version").GetInt32()));
        });
        Assert.Equal("1265793.0395", summary.GetProperty("metrics").GetProperty("total_revenue").GetRawText());
    }

    [Fact]
    public async Task Query_Sales_CountsThem()
    {
        var (exitCode, output, _) = await shell.RunAsync("query", "select count(*) from silver.sales", "--json");

        Assert.Equal(0, exitCode);
        Assert.Equal("2155", Assert.Single(JsonDocument.Parse(output).RootElement[0].EnumerateObject()).Value.GetRawText());
    }

    [Theory]
    [InlineData("drop table silver.sales", "SELECT")]
    [InlineData("select * from silver.none", "has no table silver.none")]
    public async Task Query_Refused_TellsWhy(string sql, string expected)
    {
        var (exitCode, output, error) = await shell.RunAsync("query", sql, "--json");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OwnPipeline_UploadsRunsAndAnswers()
    {
        Write("pipelines/mine/pipeline.yaml", Definition("mine"));
        Write("pipelines/mine/models/gold/total.sql", "select sum(amount) as total from silver.items");
        Write("landing/mine/a.csv", "id,amount\n1,2.50\n2,oops\n3,4.25\n");

        var (exitCode, output, _) = await RunAsync("mine");
        var (_, total, _) = await shell.RunAsync("query", "select total from gold.total", "--pipeline", "mine", "--csv");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"(?m)^  silver\.items +succeeded +[\d.]+ s  2 rows, 1 rejected$", output);
        Assert.Equal("total\n6.75\n", total);
    }

    [Fact]
    public async Task Run_StepFails_ExitsNonZeroWithTheReason()
    {
        Write("pipelines/fails/pipeline.yaml", Definition("fails"));
        Write("pipelines/fails/models/gold/total.sql", "select cast('x' || id as integer) as total from silver.items");
        Write("landing/fails/a.csv", "id,amount\n1,2.50\n");

        var (exitCode, output, _) = await RunAsync("fails");

        Assert.Equal(1, exitCode);
        Assert.Matches(@"(?m)^  gold\.total +failed", output);
        Assert.Contains("Could not convert string 'x1' to INT32", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_BrokenDefinition_ExitsNonZeroWithFileAndLine()
    {
        Write("pipelines/broken/pipeline.yaml", Definition("broken").Replace("path:", "pth:", StringComparison.Ordinal));

        var (exitCode, output, error) = await RunAsync("broken", "--json");

        Assert.Equal(1, exitCode);
        Assert.Contains("pipeline.yaml:5", error, StringComparison.Ordinal);
        Assert.Contains("pipeline.yaml:5", JsonDocument.Parse(output).RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_UnknownPipeline_ExitsNonZeroAndNamesThoseThereAre()
    {
        var (exitCode, _, error) = await shell.RunAsync("run", "unknown", "--json");

        Assert.Equal(1, exitCode);
        Assert.Contains("There is no pipeline 'unknown'. Known: ", error, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string name, params string[] more)
    {
        Directory.CreateDirectory(Path.Combine(shell.StateFolder, "landing"));
        return shell.RunAsync(["run", name, "--pipelines", Path.Combine(shell.StateFolder, "pipelines"), "--landing", Path.Combine(shell.StateFolder, "landing"), .. more]);
    }

    private static string Definition(string name) => $$"""
        name: {{name}}
        sources:
          items:
            connector: file
            path: {{name}}/*.csv
            columns:
              id: {from: id, type: bigint, required: true}
              amount: {from: amount, type: "decimal(18,2)"}
        """;

    private void Write(string path, string content)
    {
        var file = Path.Combine(shell.StateFolder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }
}
