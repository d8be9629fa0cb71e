using System.Text.Json;

namespace Pipeline.App.Tests.Quality;

/// <summary>Verdicts over HTTP, by the orchestration.</summary>
public sealed class QualityRequestsTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task GetQuality_AfterRuns_TellsVerdictsAndTrend()
    {
        await DefineAsync("judged", "quality: {floor: 80%}");
        await northwind.App.WriteAsync("landing", "judged/a.csv", "id,v\n1,1\n2,x\n3,3\n4,4\n");
        var first = await Api.RunAsync("judged");
        await northwind.App.WriteAsync("landing", "judged/b.csv", "id,v\n,x\n,y\n");

        var second = await Api.RunAsync("judged");
        var again = await Api.RunAsync("judged");

        // The held batch is judged again by every run, and feeds nothing.
        Assert.Equal(["bronze.f succeeded", "silver.f held", "gold.n unchanged"], Steps(second));
        Assert.Contains("silver.f held", Steps(again));
        var whole = Table((await Api.GetAsync($"quality/judged?run={Id(first)}")).Body);
        Assert.Equal(("passed", 4, 1), (whole.GetProperty("verdict").GetString(), whole.GetProperty("rows").GetInt32(), whole.GetProperty("rejected").GetInt32()));
        Assert.Equal("""[{"file":"judged/a.csv","row":2,"value":"x"}]""", whole.GetProperty("checks")[0].GetProperty("samples").GetRawText());
        var newest = Table((await Api.GetAsync("quality/judged")).Body);
        Assert.Equal(("held", Id(again)), (newest.GetProperty("verdict").GetString(), newest.GetProperty("runId").GetString()));
        Assert.Equal(["passed", "held", "held"], (await Api.GetAsync("quality/judged/trend?table=silver.f")).Body.GetProperty("tables").EnumerateArray().Select(t => t.GetProperty("verdict").GetString()));
        Assert.Single((await Api.GetAsync("quality/judged/trend?limit=1")).Body.GetProperty("tables").EnumerateArray());
        Assert.Equal(["quality.verdict", "quality.verdict", "quality.held", "quality.verdict", "quality.held"], await EventsAsync("source=judged&type=quality"));
    }

    [Fact]
    public async Task GetQuality_FirstBatchHeld_SkipsWhatFollowsAndTheRunSucceeds()
    {
        await DefineAsync("heldfirst", "quality: {floor: 80%}");
        await northwind.App.WriteAsync("landing", "heldfirst/b.csv", "id,v\n,x\n,y\n");

        var run = await Api.RunAsync("heldfirst");

        Assert.Equal("succeeded", run.GetProperty("status").GetString());
        Assert.Equal(["bronze.f succeeded", "silver.f held", "gold.n skipped"], Steps(run));
    }

    [Theory]
    [InlineData("quality/nothing", 404, "nothing")]
    [InlineData("quality/nothing/trend", 404, "nothing")]
    [InlineData("quality/northwind/trend?table=x", 400, "expected layer.name")]
    [InlineData("quality/northwind/trend?limit=0", 400, "from 1 to 1000")]
    public async Task GetQuality_BadRequest_IsRefused(string path, int status, string detail)
    {
        var answer = await Api.GetAsync(path);

        Assert.Equal(status, answer.Status);
        Assert.Contains(detail, answer.Detail, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Steps(JsonElement run) => [.. run.GetProperty("steps").EnumerateArray().Select(s => $"{s.GetProperty("name").GetString()} {s.GetProperty("status").GetString()}")];

    private static string Id(JsonElement run) => run.GetProperty("id").GetString()!;

    private static JsonElement Table(JsonElement answer) => Assert.Single(answer.GetProperty("tables").EnumerateArray());

    private async Task<IReadOnlyList<string?>> EventsAsync(string query) => [.. (await Api.GetAsync($"events?{query}")).Body.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("type").GetString())];

    private async Task DefineAsync(string name, string options)
    {
        await northwind.App.WriteAsync(
            "pipelines",
            $"{name}/pipeline.yaml",
            $"name: {name}\nsources:\n  f:\n    connector: file\n    path: {name}/*.csv\n    {options}\n    columns:\n      id: {{type: bigint, required: true}}\n      v: {{type: bigint}}\n");
        await northwind.App.WriteAsync("pipelines", $"{name}/models/gold/n.sql", "select count(*) as n from silver.f");
    }
}
