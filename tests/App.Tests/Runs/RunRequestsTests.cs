using System.Text.Json;

namespace Pipeline.App.Tests.Runs;

public sealed class RunRequestsTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task StartRun_TwiceAtOnce_OneRuns()
    {
        await northwind.App.DefineAsync("twice");

        var answers = await Task.WhenAll(Api.PostAsync("pipelines/twice/runs"), Api.PostAsync("pipelines/twice/runs"));

        var accepted = Assert.Single(answers, a => a.Status == 202).Body.GetProperty("id").GetString()!;
        Assert.Equal(accepted, Assert.Single(answers, a => a.Status == 409).Body.GetProperty("runId").GetString());
        Assert.Equal("succeeded", Status(await Api.FollowAsync(accepted)));
        Assert.Equal("succeeded", Status(await Api.RunAsync("twice")));
    }

    [Fact]
    public async Task StartRun_AsSoonAsTheLastIsOver_IsAccepted()
    {
        await northwind.App.DefineAsync("again");

        for (var round = 0; round < 10; round++)
        {
            Assert.Equal("succeeded", Status(await Api.RunAsync("again")));
        }
    }

    [Fact]
    public async Task StartRun_TwoPipelines_RunSideBySide()
    {
        await northwind.App.DefineAsync("left");
        await northwind.App.DefineAsync("right");

        var runs = await Task.WhenAll(Api.RunAsync("left"), Api.RunAsync("right"));

        Assert.All(runs, run => Assert.Equal("succeeded", Status(run)));
        Assert.All(runs, run => Assert.StartsWith(run.GetProperty("pipeline").GetString()!, run.GetProperty("id").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task StartRun_Select_DoesThoseStepsOnly()
    {
        await northwind.App.DefineAsync("chosen", models: ("gold/labels", "select label from silver.items"));
        await Api.RunAsync("chosen");
        await northwind.App.WriteAsync("landing", "chosen/more.csv", "id,label\n2,two\n");

        var run = await Api.RunAsync("chosen", new { select = new[] { "bronze.items" } });

        Assert.Equal("bronze.items succeeded 1", string.Join(", ", run.GetProperty("steps").EnumerateArray().Select(Describe)));
        Assert.Equal(0, await VersionAsync("silver/chosen/items"));
    }

    [Fact]
    public async Task StartRun_FullRefresh_DoesEveryStepAnew()
    {
        await northwind.App.DefineAsync("anew", models: ("gold/labels", "select label from silver.items"));
        await Api.RunAsync("anew");

        var run = await Api.RunAsync("anew", new { fullRefresh = true });

        Assert.Equal(
            "bronze.items succeeded 1, silver.items succeeded 1, gold.labels succeeded 1", string.Join(", ", run.GetProperty("steps").EnumerateArray().Select(Describe)));
    }

    [Fact]
    public async Task TerminateRun_GoingOn_EndsItAndAnotherMayRun()
    {
        const string Heavy = "select count(*) as n from range(5000) as a(x), range(5000) as b(y), silver.items where (x * y) % 7 = 3";
        await northwind.App.DefineAsync("stopped", models: [("gold/heavy", Heavy), ("gold/late", "select n from gold.heavy")]);
        var id = await Api.StartAsync("stopped");
        await Api.PostAsync($"runs/{id}/terminate");

        var ended = (await Api.GetAsync($"runs/{id}")).Body;
        var next = await Api.RunAsync("stopped", new { select = new[] { "bronze.items", "silver.items" } });

        Assert.Equal("terminated", Status(ended));
        Assert.Equal("terminated by request", ended.GetProperty("error").GetString());
        Assert.DoesNotContain(ended.GetProperty("steps").EnumerateArray(), step => Status(step) == "pending");
        Assert.Equal("succeeded", Status(next));
        Assert.True(JsonElement.DeepEquals(ended.GetProperty("endedUtc"), (await Api.PostAsync($"runs/{id}/terminate")).Body.GetProperty("endedUtc")));
    }

    [Fact]
    public async Task Run_StepFails_SkipsWhatNeedsItAndDoesTheRest()
    {
        await northwind.App.DefineAsync(
            "breaks", "", ("gold/broken", "select cast(label as integer) as n from silver.items"), ("gold/after", "select n from gold.broken"), ("gold/beside", "select id from silver.items"));

        var run = await Api.RunAsync("breaks");

        var steps = run.GetProperty("steps").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!);
        Assert.Equal("failed", Status(run));
        Assert.Contains("gold.broken: ", run.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(["failed", "skipped", "succeeded"], new[] { "gold.broken", "gold.after", "gold.beside" }.Select(name => Status(steps[name])));
        Assert.Contains("Could not convert string 'one' to INT32", steps["gold.broken"].GetProperty("error").GetString(), StringComparison.Ordinal);
        var log = await northwind.App.LogAsync(@"fail: .*\[2015\] Run breaks\.\d+ of breaks failed after [\d.]+ s: 1 steps failed, 1 skipped");
        Assert.Matches(@"fail: .*\[2013\] Step gold\.broken of run breaks\.\d+ failed: \S*DuckDbException", log);
    }

    [Fact]
    public async Task Run_SourceThatCannotBeLookedAt_FailsAloneAndTheRestIsDone()
    {
        const string Yaml = """
            name: halfway
            sources:
              items: {connector: file, path: halfway/*.csv}
              orders: {connector: sql, connection: nowhere, table: orders, load: full}
            """;
        await northwind.App.WriteAsync("pipelines", "halfway/pipeline.yaml", Yaml);
        await northwind.App.WriteAsync("landing", "halfway/items.csv", "id\n1\n");

        var plan = (await Api.PostAsync("pipelines/halfway/plan")).Body.GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "bronze.orders");
        var run = await Api.RunAsync("halfway");

        Assert.Equal("rebuild: its source cannot be looked at: There is no connection 'nowhere'", $"{plan.GetProperty("action")}: {plan.GetProperty("why").GetString()!.Split(": expected")[0]}");
        Assert.Equal("failed", Status(run));
        Assert.Equal(
            "bronze.items succeeded, bronze.orders failed, silver.items succeeded, silver.orders skipped",
            string.Join(", ", run.GetProperty("steps").EnumerateArray().Select(s => $"{s.GetProperty("name")} {Status(s)}").Order(StringComparer.Ordinal)));
        Assert.StartsWith("1 step(s) failed. bronze.orders: There is no connection 'nowhere'", run.GetProperty("error").GetString(), StringComparison.Ordinal);
        await northwind.App.LogAsync(@"fail: .*\[2013\] Step bronze\.orders of run halfway\.\d+ failed");
        await northwind.App.LogAsync(@"fail: .*\[2015\] Run halfway\.\d+ of halfway failed");
    }

    [Fact]
    public async Task Run_MetricsFail_FailsAndSaysWhy()
    {
        await northwind.App.DefineAsync("unmeasured", "metrics:\n  wrong: {from: silver.items, expr: \"sum(cast(label as integer))\"}");

        var run = await Api.RunAsync("unmeasured");

        Assert.Equal("failed", Status(run));
        Assert.Contains("The metrics cannot be measured: ", run.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.All(run.GetProperty("steps").EnumerateArray(), step => Assert.Equal("succeeded", Status(step)));
        Assert.Equal("failed", Status((await Api.GetAsync("runs?pipeline=unmeasured")).Body[0]));
        await northwind.App.LogAsync(@"fail: .*\[2015\] Run unmeasured\.\d+ of unmeasured failed");
    }

    [Fact]
    public async Task Run_LongError_IsBounded()
    {
        await northwind.App.DefineAsync("lengthy", models: ("gold/broken", "select cast(repeat(label, 20000) as integer) as n from silver.items"));

        var run = await Api.RunAsync("lengthy");

        Assert.InRange(run.GetProperty("error").GetString()!.Length, 500, 4096);
        Assert.All(run.GetProperty("steps").EnumerateArray().Where(s => Status(s) == "failed"), step => Assert.InRange(step.GetProperty("error").GetString()!.Length, 500, 4096));
    }

    private static string Status(JsonElement element) => element.GetProperty("status").GetString()!;

    private static string Describe(JsonElement step) => $"{step.GetProperty("name")} {step.GetProperty("status")} {step.GetProperty("version")}";

    private async Task<long> VersionAsync(string table) => (await Api.GetAsync($"tables/{table}")).Body.GetProperty("summary").GetProperty("version").GetInt64();
}
