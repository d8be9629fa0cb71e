using System.Text.Json;

namespace Pipeline.App.Tests.Runs;

/// <summary>Backfills over HTTP, by the orchestration.</summary>
public sealed class BackfillTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task StartRun_Backfill_MakesItsPartitionsAnewWithWhatFollowsAndLeavesTheRest()
    {
        await DefineAsync("refilled", "");
        await northwind.App.WriteAsync("landing", "refilled/a.csv", "id,day,v\n1,2024-01-01,1\n2,2024-02-01,2\n3,2024-03-01,3\n");
        await Api.RunAsync("refilled");
        await DefineAsync("refilled", ", max: 1");
        var body = new { backfill = new { from = "2024-03", to = "2024-12" } };

        var plan = (await Api.PostAsync("pipelines/refilled/plan", body)).Body.GetProperty("steps").EnumerateArray().Select(s => $"{s.GetProperty("name").GetString()} {s.GetProperty("action").GetString()}").ToList();
        var run = await Api.RunAsync("refilled", body);
        var again = await Api.RunAsync("refilled");

        Assert.Equal(["silver.f backfill", "gold.n depends"], plan);
        Assert.Equal("succeeded", run.GetProperty("status").GetString());
        Assert.Equal(["silver.f succeeded", "gold.n succeeded"], run.GetProperty("steps").EnumerateArray().Select(s => $"{s.GetProperty("name").GetString()} {s.GetProperty("status").GetString()}"));
        Assert.Equal(
            "Backfill of 2024-03-01 to 2024-12-31: 1 of 3 rows of bronze.f belong to it. "
            + "The schema of refilled.f changed in a way that does not go with earlier versions, and is not registered: COMBINED_TYPE_SUBSCHEMAS_CHANGED at #/properties/v: "
            + """version 1 has {"type":["integer","null"]}, the new schema has {"type":["integer","null"],"maximum":1} (BACKWARD)""",
            run.GetProperty("steps")[0].GetProperty("note").GetString());
        Assert.Equal("[[1,1],[2,2]]", await RowsAsync("select id, v from silver.f order by id"));
        Assert.Equal("[[3]]", await RowsAsync("select row from rejected.f"));
        Assert.Equal("[[2]]", await RowsAsync("select n from gold.n"));
        Assert.All(again.GetProperty("steps").EnumerateArray(), s => Assert.Equal("unchanged", s.GetProperty("status").GetString()));
    }

    [Theory]
    [InlineData("""{"backfill":{"from":"1997-13","to":"1998"}}""", 400, "'from' is '1997-13': expected a day, a month or a year")]
    [InlineData("""{"backfill":{"from":"1998","to":"1997"}}""", 400, "The range from 1998 to 1997 ends before it begins.")]
    [InlineData("""{"backfill":{"from":"1997"}}""", 400, "'to'")]
    [InlineData("""{"backfill":{"from":"1997","to":"1997"},"fullRefresh":true}""", 400, "give one of them")]
    [InlineData("""{"backfill":{"from":"1997-02","to":"1997-03"}}""", 422, "Ask for 1997-01-01 to 1997-12-31.")]
    [InlineData("""{"backfill":{"from":"1997","to":"1997"},"select":["silver.customers"]}""", 422, "silver.customers has no partitions by year")]
    public async Task StartRun_BackfillThatCannotBe_IsRefusedAtOnce(string body, int status, string detail)
    {
        foreach (var what in new[] { "runs", "plan" })
        {
            var answer = await Api.PostAsync($"pipelines/northwind/{what}", JsonSerializer.Deserialize<JsonElement>(body));

            Assert.Equal(status, answer.Status);
            Assert.Contains(detail, answer.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    private async Task<string> RowsAsync(string sql) => (await Api.PostAsync("mart/sql", new { pipeline = "refilled", sql })).Body.GetProperty("rows").GetRawText();

    private async Task DefineAsync(string name, string rule)
    {
        await northwind.App.WriteAsync(
            "pipelines",
            $"{name}/pipeline.yaml",
            $"name: {name}\nsources:\n  f: {{connector: file, path: {name}/*.csv, key: [id], partition: {{by: day, as: [year, month]}}, columns: {{id: {{type: bigint}}, day: {{type: date}}, v: {{type: bigint{rule}}}}}}}\n");
        await northwind.App.WriteAsync("pipelines", $"{name}/models/gold/n.sql", "select count(*) as n from silver.f");
    }
}
