using System.Text.Json;

namespace Pipeline.App.Tests.Runs;

public sealed class PlanRequestsTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task Plan_AfterARun_HasNothingToDoAndSaysWhy()
    {
        var steps = await PlanAsync("northwind");

        Assert.Equal(26, steps.Count);
        Assert.All(steps, step => Assert.Equal("none", Action(step.Value)));
        Assert.Equal("no file is new or changed", Why(steps["bronze.orders"]));
        Assert.Equal("neither its input nor its definition changed", Why(steps["silver.sales"]));
    }

    [Fact]
    public async Task Plan_BeforeTheFirstRun_RebuildsAllAndWritesNothing()
    {
        await northwind.App.DefineAsync("planned", models: ("gold/labels", "select label from silver.items"));
        var before = await northwind.App.TableFilesAsync();

        var steps = await PlanAsync("planned");

        Assert.Equal(["rebuild", "rebuild", "rebuild"], steps.Values.Select(Action));
        Assert.All(steps.Values, step => Assert.Equal("the table is not built yet", Why(step)));
        Assert.Equal(["planned/items.csv"], steps["bronze.items"].GetProperty("reads").GetProperty("paths").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(before.Where(f => f.Contains("planned", StringComparison.Ordinal)), (await northwind.App.TableFilesAsync()).Where(f => f.Contains("planned", StringComparison.Ordinal)));
        Assert.Empty((await Api.GetAsync("runs?pipeline=planned")).Body.EnumerateArray());
    }

    [Fact]
    public async Task Plan_FilesArrivedAndChanged_TellsWhatTheRunThenDoes()
    {
        await northwind.App.DefineAsync("arriving", models: ("gold/labels", "select label from silver.items"));
        await Api.RunAsync("arriving");
        await northwind.App.WriteAsync("landing", "arriving/items.csv", "id,label\n1,uno\n");
        await northwind.App.WriteAsync("landing", "arriving/more.csv", "id,label\n2,two\n");

        var steps = await PlanAsync("arriving");

        Assert.Equal(["update", "depends", "depends"], steps.Values.Select(Action));
        Assert.Equal("1 new and 1 changed files", Why(steps["bronze.items"]));
        Assert.Equal("bronze.items may change in this run", Why(steps["silver.items"]));
        Assert.Equal(2, steps["bronze.items"].GetProperty("reads").GetProperty("files").GetInt64());
        var run = await Api.RunAsync("arriving");
        Assert.Equal(steps.Values.Select(Why), run.GetProperty("steps").EnumerateArray().Select(Why));
        Assert.All((await PlanAsync("arriving")).Values, step => Assert.Equal("none", Action(step)));
    }

    [Fact]
    public async Task Plan_InputRanAlone_TellsTheVersionNotReadYet()
    {
        await northwind.App.DefineAsync("alone", models: ("gold/labels", "select label from silver.items"));
        await Api.RunAsync("alone");
        await northwind.App.WriteAsync("landing", "alone/more.csv", "id,label\n2,two\n");
        await Api.RunAsync("alone", new { select = new[] { "bronze.items" } });

        var steps = await PlanAsync("alone", new { select = new[] { "silver.items" } });

        var silver = Assert.Single(steps).Value;
        Assert.Equal("update", Action(silver));
        Assert.Contains("bronze.items", Why(silver), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SelectWithDescendants_DoesTheStepAndAllThatFollows()
    {
        await northwind.App.DefineAsync(
            "following", models: [("gold/labels", "select label from silver.items"), ("gold/count", "select count(*) as n from gold.labels"), ("gold/ids", "select 1 as one from rejected.items")]);
        await Api.RunAsync("following");

        var run = await Api.RunAsync("following", new { select = new[] { "gold.labels+" }, fullRefresh = true });
        var all = await PlanAsync("following", new { select = new[] { "silver.items+" } });

        Assert.Equal(["gold.labels", "gold.count"], run.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        Assert.Equal(["gold.count", "gold.ids", "gold.labels", "silver.items"], all.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("not a step: expected layer.name", (await Api.PostAsync("pipelines/following/plan", new { select = new[] { "labels+" } })).Detail, StringComparison.Ordinal);
        Assert.Contains("has no step 'gold.none'", (await Api.PostAsync("pipelines/following/plan", new { select = new[] { "gold.none+" } })).Detail, StringComparison.Ordinal);
    }

    private static string Action(JsonElement step) => step.GetProperty("action").GetString()!;

    private static string Why(JsonElement step) => step.GetProperty("why").GetString()!;

    private async Task<Dictionary<string, JsonElement>> PlanAsync(string pipeline, object? body = null)
    {
        var answer = await Api.PostAsync($"pipelines/{pipeline}/plan", body);
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Body.GetProperty("steps").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!);
    }
}
