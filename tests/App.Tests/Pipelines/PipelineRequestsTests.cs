using System.Text.Json;

namespace Pipeline.App.Tests.Pipelines;

public sealed class PipelineRequestsTests(NorthwindApp northwind)
{
    private const string Broken = """
        name: broken
        sources:
          items:
            connector: file
            path: broken/*.csv
            kye: [id]
        """;

    [Fact]
    public async Task ListPipelines_OneBroken_ShowsItsProblems()
    {
        await northwind.App.WriteAsync("pipelines", "broken/pipeline.yaml", Broken);
        await northwind.App.WriteAsync("pipelines", "no-pipeline/notes.txt", "nothing here");

        var pipelines = (await northwind.Api.GetAsync("pipelines")).Body.EnumerateArray().ToDictionary(p => p.GetProperty("name").GetString()!);

        Assert.Equal("Orders, products and customers of a trading company.", pipelines["northwind"].GetProperty("description").GetString());
        Assert.Empty(pipelines["northwind"].GetProperty("problems").EnumerateArray());
        AssertBroken(pipelines["broken"].GetProperty("problems"));
        Assert.Contains("expected a file pipeline.yaml", pipelines["no-pipeline"].GetProperty("problems")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "pipelines/broken2")]
    [InlineData("POST", "pipelines/broken2/runs")]
    [InlineData("GET", "metrics/broken2")]
    public async Task Definition_Broken_IsRefusedWithFileAndLine(string method, string path)
    {
        await northwind.App.WriteAsync("pipelines", "broken2/pipeline.yaml", Broken.Replace("name: broken", "name: broken2", StringComparison.Ordinal));

        var answer = await northwind.Api.SendAsync(method, path, null);

        Assert.Equal(422, answer.Status);
        AssertBroken(answer.Body.GetProperty("problems"));
        Assert.Contains("pipeline.yaml:6", answer.Detail, StringComparison.Ordinal);
        Assert.Empty((await northwind.Api.GetAsync("runs?pipeline=broken2")).Body.EnumerateArray());
    }

    [Fact]
    public async Task GetPipeline_Northwind_HasStepsInOrder()
    {
        var pipeline = (await northwind.Api.GetAsync("pipelines/northwind")).Body;

        var steps = pipeline.GetProperty("steps").EnumerateArray().ToList();
        var sales = steps.Single(s => s.GetProperty("name").GetString() == "silver.sales");
        Assert.Equal(26, steps.Count);
        Assert.Equal(steps.Select(s => s.GetProperty("level").GetInt32()).Order(), steps.Select(s => s.GetProperty("level").GetInt32()));
        Assert.Equal(
            ["silver.categories", "silver.customers", "silver.order_details", "silver.orders", "silver.products"],
            sales.GetProperty("inputs").EnumerateArray().Select(i => i.GetString()));
        Assert.Equal(["total_revenue", "order_count", "average_order_value", "customer_count"], pipeline.GetProperty("metrics").EnumerateArray().Select(m => m.GetString()));
    }

    [Fact]
    public async Task GetMetrics_Northwind_HasValuesAndUnits()
    {
        var metrics = (await northwind.Api.GetAsync("metrics/northwind")).Body.EnumerateArray().ToDictionary(m => m.GetProperty("name").GetString()!);

        Assert.Equal(1265793.0395m, metrics["total_revenue"].GetProperty("value").GetDecimal());
        Assert.Equal("USD", metrics["total_revenue"].GetProperty("unit").GetString());
        Assert.Equal("silver.sales", metrics["total_revenue"].GetProperty("from").GetString());
        Assert.Equal(830, metrics["order_count"].GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task GetMetrics_NeverRun_HasNoValue()
    {
        await northwind.App.DefineAsync("unrun", "metrics:\n  rows: {from: silver.items, expr: count(*)}");

        var metric = Assert.Single((await northwind.Api.GetAsync("metrics/unrun")).Body.EnumerateArray());

        Assert.False(metric.TryGetProperty("value", out _));
    }

    private static void AssertBroken(JsonElement problems)
    {
        var problem = Assert.Single(problems.EnumerateArray());
        Assert.Equal("pipeline.yaml", problem.GetProperty("file").GetString());
        Assert.Equal(6, problem.GetProperty("line").GetInt32());
        Assert.Contains("kye", problem.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
