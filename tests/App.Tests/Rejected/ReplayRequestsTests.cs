using System.Text.Json;

namespace Pipeline.App.Tests.Rejected;

/// <summary>Replays over HTTP, by the orchestration.</summary>
public sealed class ReplayRequestsTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task Replay_WithAFix_MovesRowsOnceAndTellsOfIt()
    {
        await DefineAsync("replayed");
        await northwind.App.WriteAsync("landing", "replayed/a.csv", "id,v\n1,1\n2,\"2,5\"\n3,x\n");
        await Api.RunAsync("replayed");
        var body = new { rule = "v-type", fix = new { v = "replace(v, ',', '.')" } };

        var run = await ReplayAsync(body);
        var again = await ReplayAsync(body);

        Assert.Equal(["silver.f succeeded", "gold.n succeeded"], Steps(run));
        Assert.StartsWith("Replay of 2 rows of rejected.f (rows that failed 'v-type', with v = replace(v, ',', '.')): 1 passed, 1 failed again.", run.GetProperty("steps")[0].GetProperty("note").GetString(), StringComparison.Ordinal);
        Assert.Equal("""[[1,"1.00"],[2,"2.50"]]""", await RowsAsync("select id, v::varchar from silver.f order by id"));
        Assert.Equal("[[3]]", await RowsAsync("select row from rejected.f"));
        Assert.Equal("[[2]]", await RowsAsync("select n from gold.n"));
        Assert.Equal("silver.f succeeded", Steps(again)[0]);
        Assert.Equal("[[2]]", await RowsAsync("select count(*) from silver.f"));
        var events = (await Api.GetAsync("events?source=replayed&type=replay")).Body.GetProperty("events").EnumerateArray().ToList();
        Assert.Equal(["replay.started", "replay.succeeded", "replay.started", "replay.succeeded"], events.Select(e => e.GetProperty("type").GetString()));
        Assert.Equal("""{"tried":2,"passed":1,"failedAgain":1}""", events[1].GetProperty("data").GetRawText());
        Assert.Equal("somebody@example.org", events[0].GetProperty("data").GetProperty("requestedBy").GetString());
        Assert.All((await Api.RunAsync("replayed")).GetProperty("steps").EnumerateArray(), s => Assert.Equal("unchanged", s.GetProperty("status").GetString()));
    }

    [Theory]
    [InlineData("nothing", "f", "{}", 404, "nothing")]
    [InlineData("northwind", "sales", "{}", 400, "has no step 'silver.sales'")]
    [InlineData("northwind", "Orders", "{}", 400, "is not a table")]
    [InlineData("northwind", "orders", """{"fix":{"freight":"(select 1)"}}""", 422, "The fix of 'freight' cannot be used")]
    [InlineData("northwind", "orders", """{"fix":{"freight":"nothing + 1"}}""", 422, "reads 'nothing'")]
    [InlineData("northwind", "orders", """{"fix":{"nothing":"1"}}""", 422, "'nothing', which is not a column")]
    [InlineData("northwind", "orders", """{"from":"soon"}""", 400, "from")]
    public async Task Replay_ThatCannotBe_IsRefusedAtOnce(string pipeline, string table, string body, int status, string detail)
    {
        var answer = await Api.PostAsync($"rejected/{pipeline}/{table}/replay", JsonSerializer.Deserialize<JsonElement>(body));

        Assert.Equal(status, answer.Status);
        Assert.Contains(detail, answer.Detail, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Steps(JsonElement run) => [.. run.GetProperty("steps").EnumerateArray().Select(s => $"{s.GetProperty("name").GetString()} {s.GetProperty("status").GetString()}")];

    private async Task<JsonElement> ReplayAsync(object body)
    {
        using var http = new HttpClient { BaseAddress = northwind.App.Root };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("rejected/replayed/f/replay", UriKind.Relative));
        request.Content = new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json");
        request.Headers.Add("X-MS-CLIENT-PRINCIPAL-NAME", "somebody@example.org");
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(202, (int)answer.StatusCode);
        var id = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("id").GetString()!;
        return await Api.FollowAsync(id);
    }

    private async Task<string> RowsAsync(string sql) => (await Api.PostAsync("mart/sql", new { pipeline = "replayed", sql })).Body.GetProperty("rows").GetRawText();

    private async Task DefineAsync(string name)
    {
        await northwind.App.WriteAsync(
            "pipelines",
            $"{name}/pipeline.yaml",
            $"name: {name}\nsources:\n  f: {{connector: file, path: {name}/*.csv, key: [id], columns: {{id: {{type: bigint}}, v: {{type: 'decimal(9,2)'}}}}}}\n");
        await northwind.App.WriteAsync("pipelines", $"{name}/models/gold/n.sql", "select count(*) as n from silver.f");
    }
}
