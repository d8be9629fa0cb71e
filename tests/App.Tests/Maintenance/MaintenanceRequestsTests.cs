using System.Text.Json;

namespace Pipeline.App.Tests.Maintenance;

public sealed class MaintenanceRequestsTests(NorthwindApp northwind)
{
    private static readonly string[] Queries =
    [
        "select replace(_file, 'calm', 'busy') as file, _row, id, label from bronze.items order by all",
        "select id, label from silver.items order by all",
        "select label, n from gold.labels order by all",
    ];

    private Api Api => northwind.Api;

    [Fact]
    public async Task StartMaintenance_OneTable_TellsWhatWasDone()
    {
        await DefineAsync("packed");
        foreach (var round in Enumerable.Range(1, 2))
        {
            await LandAsync("packed", round);
            await Api.RunAsync("packed");
        }

        var files = (await Api.GetAsync("tables/bronze/packed/items")).Body.GetProperty("summary").GetProperty("files").GetInt32();
        var dry = await MaintainAsync(new { pipeline = "packed", tables = new[] { "bronze.items" }, operations = new[] { "optimize" }, dryRun = true });
        var real = await MaintainAsync(new { pipeline = "packed" });
        var run = await Api.RunAsync("packed");

        Assert.True(files > 1);
        Assert.Equal($"bronze.items optimize done {files}", Describe(dry));
        Assert.Contains($"bronze.items optimize done {files}", Describe(real), StringComparison.Ordinal);
        Assert.Equal("succeeded", real.GetProperty("status").GetString());
        Assert.All(run.GetProperty("steps").EnumerateArray(), step => Assert.Equal("unchanged", step.GetProperty("status").GetString()));
        var listed = (await Api.GetAsync("maintenance?limit=1000")).Body.EnumerateArray().Single(m => m.GetProperty("id").GetString() == real.GetProperty("id").GetString());
        Assert.True(JsonElement.DeepEquals(real.GetProperty("figures"), listed.GetProperty("figures")));
        await northwind.App.LogAsync(@"info: .*\[2202\] Maintenance maintenance-\d+: Optimize of bronze\.items of packed: \d+ files, \d+ bytes, .* rows, version \d+");
        await northwind.App.LogAsync($@"info: .*\[2205\] Maintenance {real.GetProperty("id")} ended: 7 tables, [1-9]\d* files packed into \d+, 0 rows removed");
    }

    /// <summary>Runs and maintenances of the same tables at once: every run succeeds, and the tables are those of a pipeline that nobody looked after.</summary>
    [Fact]
    public async Task Maintenance_WhileRunsGoOn_ChangesNoRow()
    {
        await DefineAsync("busy");
        await DefineAsync("calm");
        using var over = new CancellationTokenSource();
        var packed = MaintainUntilAsync("busy", over.Token);
        foreach (var round in Enumerable.Range(1, 4))
        {
            foreach (var pipeline in new[] { "busy", "calm" })
            {
                await LandAsync(pipeline, round);
            }

            var runs = await Task.WhenAll(Api.RunAsync("busy"), Api.RunAsync("calm"));
            Assert.All(runs, run => Assert.True(run.GetProperty("status").GetString() == "succeeded", run.ToString()));
        }

        await over.CancelAsync();
        Assert.True(await packed > 0);
        await MaintainAsync(new { pipeline = "busy" });
        var last = await Api.RunAsync("busy");
        Assert.All(last.GetProperty("steps").EnumerateArray(), step => Assert.Equal("unchanged", step.GetProperty("status").GetString()));
        foreach (var sql in Queries)
        {
            Assert.Equal(await RowsAsync("calm", sql), await RowsAsync("busy", sql));
        }
    }

    private async Task<long> MaintainUntilAsync(string pipeline, CancellationToken over)
    {
        var packed = 0L;
        while (!over.IsCancellationRequested)
        {
            var maintenance = await MaintainAsync(new { pipeline });
            Assert.True(maintenance.GetProperty("status").GetString() == "succeeded", maintenance.ToString());
            packed += maintenance.GetProperty("figures").GetProperty("filesPacked").GetInt64();
        }

        return packed;
    }

    private async Task<JsonElement> MaintainAsync(object body)
    {
        var accepted = await Api.PostAsync("maintenance", body);
        Assert.True(accepted.Status == 202, accepted.Text);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            var maintenance = (await Api.GetAsync($"maintenance/{accepted.Body.GetProperty("id").GetString()}")).Body;
            if (maintenance.GetProperty("status").GetString() != "running")
            {
                return maintenance;
            }

            Assert.False(deadline.IsCancellationRequested, $"It did not end within 90 s: {maintenance}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private Task DefineAsync(string pipeline) => northwind.App.DefineAsync(pipeline, models: ("gold/labels", "select label, count(*) as n from silver.items group by label"));

    // A new file, and a known one with other content.
    private async Task LandAsync(string pipeline, int round)
    {
        await northwind.App.WriteAsync("landing", $"{pipeline}/new-{round}.csv", $"id,label\n{round * 10},new\n{(round * 10) + 1},other\n");
        await northwind.App.WriteAsync("landing", $"{pipeline}/changing.csv", $"id,label\n1000,round {round}\n");
    }

    private async Task<string> RowsAsync(string pipeline, string sql) => (await Api.PostAsync("mart/sql", new { pipeline, sql })).Body.GetProperty("rows").GetRawText();

    private static string Describe(JsonElement maintenance) => string.Join(", ", maintenance.GetProperty("tables").EnumerateArray().SelectMany(t =>
        t.GetProperty("operations").EnumerateArray().Select(o => $"{t.GetProperty("table").GetString()} {o.GetProperty("operation").GetString()} {o.GetProperty("status").GetString()} {o.GetProperty("files")}")));
}
