using System.Text.Json;

namespace Pipeline.App.Tests.Events;

public sealed class EventRequestsTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task ListEvents_RunTwice_TellsOfBothInOrder()
    {
        await northwind.App.DefineAsync("told", models: ("gold/labels", "select label from silver.items"));
        var first = (await Api.RunAsync("told")).GetProperty("id").GetString();
        var second = (await Api.RunAsync("told")).GetProperty("id").GetString();

        var events = await FollowAsync("source=told", limit: 2);

        string[] between = ["step.succeeded told/bronze.items bronze.items", "schema.registered told/bronze.items told.items", "step.succeeded told/silver.items silver.items", "step.succeeded told/gold.labels gold.labels", "quality.verdict told/silver.items silver.items"];
        IEnumerable<string> Of(string? run, IEnumerable<string> steps) => [$"{run} run.started told ", .. steps.Select(step => $"{run} {step}"), $"{run} run.succeeded told "];
        Assert.Equal(
            Of(first, between).Concat(Of(second, [])),
            events.Select(e => $"{Text(e, "runId")} {Text(e, "type")} {Text(e, "source")} {Text(e, "subject")}"));
        var sequences = events.Select(e => e.GetProperty("sequence").GetInt64()).ToList();
        Assert.Equal(sequences.Distinct().Order(), sequences);
        Assert.Equal(4, (await FollowAsync("source=told&type=run", limit: 100)).Count);
        Assert.Equal(2, (await FollowAsync("source=told/silver.items", limit: 100)).Count);
    }

    [Fact]
    public async Task ListEvents_RunTerminated_IsTold()
    {
        var run = await Api.StartAsync("northwind", new { fullRefresh = true });
        await Api.PostAsync($"runs/{run}/terminate");

        var end = Assert.Single((await FollowAsync("source=northwind&type=run", limit: 100)).Where(e => Text(e, "runId") == run), e => Text(e, "type") is not "run.started");
        Assert.Equal($"run.{Text((await Api.GetAsync($"runs/{run}")).Body, "status")}", Text(end, "type"));
    }

    [Theory]
    [InlineData("limit=0", "from 1 to 1000")]
    [InlineData("after=-1", "from 0 to")]
    [InlineData("after=x", "expected a whole number")]
    public async Task ListEvents_BadRequest_IsRefused(string query, string expected)
    {
        var answer = await Api.GetAsync($"events?{query}");

        Assert.Equal(400, answer.Status);
        Assert.Contains(expected, answer.Detail, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<JsonElement>> FollowAsync(string query, int limit)
    {
        var events = new List<JsonElement>();
        var after = 0L;
        while (true)
        {
            var page = (await Api.GetAsync($"events?{query}&after={after}&limit={limit}")).Body;
            events.AddRange(page.GetProperty("events").EnumerateArray());
            if (page.GetProperty("events").GetArrayLength() < limit)
            {
                return events;
            }

            after = page.GetProperty("last").GetInt64();
        }
    }

    private static string? Text(JsonElement from, string name) => from.TryGetProperty(name, out var value) ? value.GetString() : null;
}
