using System.Text.Json;

namespace Pipeline.App.Tests.Runs;

/// <summary>The sample's first run, from files to metrics: exact figures.</summary>
public sealed class NorthwindRunTests(NorthwindApp northwind)
{
    private static readonly Dictionary<string, long> Rows = new()
    {
        ["bronze.categories"] = 8, ["bronze.customers"] = 91, ["bronze.order_details"] = 2155, ["bronze.orders"] = 830,
        ["bronze.products"] = 77, ["bronze.shippers"] = 3, ["bronze.suppliers"] = 29, ["bronze.web_sales"] = 0,
        ["silver.categories"] = 8, ["silver.customers"] = 91, ["silver.order_details"] = 2155, ["silver.orders"] = 830,
        ["silver.products"] = 77, ["silver.shippers"] = 3, ["silver.suppliers"] = 29, ["silver.sales"] = 2155, ["silver.web_sales"] = 0,
        ["gold.customer_rfm"] = 89, ["gold.revenue_by_category"] = 8, ["gold.revenue_by_country"] = 21,
        ["gold.revenue_by_customer"] = 89, ["gold.revenue_by_month"] = 23, ["gold.top_countries"] = 3, ["gold.customer_clusters"] = 89, ["gold.customer_centroids"] = 2, ["gold.revenue_forecast"] = 25,
    };

    private JsonElement Run => northwind.Seen[^1];

    [Fact]
    public void StartRun_NoneGoingOn_IsAcceptedWithItsLocation()
    {
        var id = northwind.Accepted!.Body.GetProperty("id").GetString();

        Assert.Equal(202, northwind.Accepted.Status);
        Assert.Equal($"/api/runs/{id}", northwind.Accepted.Headers.Location?.ToString());
        Assert.Matches(@"^northwind\.\d{13}$", id);
    }

    [Fact]
    public void StartRun_OneGoingOn_IsRefusedWithItsId()
    {
        Assert.Equal(409, northwind.Refused!.Status);
        Assert.Equal(Run.GetProperty("id").GetString(), northwind.Refused.Body.GetProperty("runId").GetString());
        Assert.Contains("wait for it or terminate it", northwind.Refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void GetRun_WhileGoingOn_ShowsProgress()
    {
        var ended = northwind.Seen.Select(run => run.GetProperty("steps").EnumerateArray().Count(s => s.GetProperty("status").GetString() is not ("pending" or "running"))).ToList();

        Assert.Equal("running", northwind.Seen[0].GetProperty("status").GetString());
        Assert.Equal(ended.Order(), ended);
        Assert.True(ended.Distinct().Count() > 3, string.Join(' ', ended));
    }

    [Fact]
    public void GetRun_Succeeded_HasEveryStepWithItsRows()
    {
        var steps = Run.GetProperty("steps").EnumerateArray().ToList();

        Assert.Equal("succeeded", Run.GetProperty("status").GetString());
        Assert.False(Run.TryGetProperty("error", out _));
        Assert.Equal(Rows.OrderBy(r => r.Key), steps.ToDictionary(s => s.GetProperty("name").GetString()!, s => s.GetProperty("rowsOut").GetInt64()).OrderBy(r => r.Key));
        Assert.All(steps, step =>
        {
            Assert.Equal("succeeded", step.GetProperty("status").GetString());
            Assert.Equal(0, step.GetProperty("version").GetInt64());
            Assert.Equal(0, step.GetProperty("rowsRejected").GetInt64());
            Assert.Equal(step.GetProperty("name").GetString(), step.GetProperty("table").GetString());
            Assert.True(step.GetProperty("seconds").GetDouble() > 0);
        });
        Assert.Equal(Enumerable.Range(0, Rows.Count), steps.Select(s => s.GetProperty("order").GetInt32()));
    }

    [Fact]
    public void GetRun_Succeeded_HasTheMetrics()
    {
        var metrics = Run.GetProperty("metrics").EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetDecimal());

        Assert.Equal(
            new Dictionary<string, decimal> { ["total_revenue"] = 1265793.0395m, ["order_count"] = 830, ["average_order_value"] = 1525.05m, ["customer_count"] = 89 },
            metrics);
    }

    [Fact]
    public async Task ListRuns_OfPipeline_HasTheRunWithoutSteps()
    {
        var runs = (await northwind.Api.GetAsync("runs?pipeline=northwind&limit=1000")).Body.EnumerateArray().ToList();

        Assert.Equal(Run.GetProperty("id").GetString(), runs[^1].GetProperty("id").GetString());
        Assert.Equal(0, runs[^1].GetProperty("steps").GetArrayLength());
        Assert.Empty((await northwind.Api.GetAsync("runs?pipeline=none")).Body.EnumerateArray());
    }

    [Fact]
    public async Task Log_OfTheRun_HasStepsWithCountsAndNoData()
    {
        var id = Run.GetProperty("id").GetString();
        var log = await northwind.App.LogAsync($@"\[2014\] Run {id} of northwind succeeded in");

        Assert.Contains($"[2000] Run {id} of northwind is accepted", log, StringComparison.Ordinal);
        Assert.Contains($"[2001] A run of northwind is refused: {id} is going on", log, StringComparison.Ordinal);
        Assert.Equal(1, Count(log, $"[2010] Run {id} of northwind is planned: 26 steps to do, 0 unchanged"));
        Assert.Equal(26, Count(log, $"of run {id} Succeeded in"));
        Assert.Matches($@"info: .*\[2012\] Step silver\.orders of run {id} Succeeded in [\d.]+ s: version 0, 830 rows in, 830 out, 0 rejected", log);
        Assert.Equal(1, Count(log, $"[2014] Run {id} of northwind succeeded in"));
        Assert.DoesNotContain("ALFKI", log, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey", log, StringComparison.Ordinal);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
