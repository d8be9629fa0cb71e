using System.Net.Http.Json;
using System.Text.Json;
using Pipeline.App.Audit;
using Pipeline.App.OpenApi;

namespace Pipeline.App.Tests.Audit;

public sealed class AuditRequestsTests(NorthwindApp northwind)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private Api Api => northwind.Api;

    [Fact]
    public async Task ListAudit_RunQueryAndRefusal_TellsWhoDidWhatFromWhere()
    {
        await northwind.App.DefineAsync("audited", models: ("gold/labels", "select label from silver.items"));
        var run = (await Api.RunAsync("audited")).GetProperty("id").GetString();
        await Api.PostAsync("mart/sql", new { pipeline = "audited", sql = "select count(*) from gold.labels" });
        await Api.PostAsync("mart/sql", new { pipeline = "audited", sql = "drop table gold.labels" });
        await Api.PostAsync("pipelines/not-audited/runs");
        await SendAsync("somebody@example.org", "192.0.2.7, 10.0.0.1");

        var started = Assert.Single(await ListAsync("target=pipelines/audited"));
        var queries = (await ListAsync("what=query.sql")).Where(e => e.TryGetProperty("detail", out var body) && body.GetString()!.Contains("\"audited\"", StringComparison.Ordinal)).ToList();
        var unknown = Assert.Single(await ListAsync("what=run&target=pipelines/not-audited"));
        var somebody = Assert.Single(await ListAsync("who=somebody@example.org&what=query"));

        Assert.Equal(("anonymous", "run.start", "pipelines/audited/runs", "127.0.0.1", "succeeded", 202, run), Told(started));
        Assert.Equal(["refused", "succeeded"], queries.Select(q => Text(q, "outcome")));
        Assert.Equal(400, queries[0].GetProperty("status").GetInt32());
        Assert.Contains("drop table gold.labels", Text(queries[0], "detail"), StringComparison.Ordinal);
        Assert.Equal(("refused", 404), (Text(unknown, "outcome"), unknown.GetProperty("status").GetInt32()));
        Assert.Contains("not-audited", Text(unknown, "result"), StringComparison.Ordinal);
        Assert.Equal("192.0.2.7", Text(somebody, "from"));
    }

    [Fact]
    public async Task ListAudit_CallerThatWentAway_IsThereToo()
    {
        await northwind.App.DefineAsync("left-alone");
        await Api.RunAsync("left-alone");
        const string Heavy = "select count(*) as n from range(10000) as a(x), range(10000) as b(y), range(10000) as c(z), silver.items where (x * y + z) % 7 = 3";
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        using var http = new HttpClient { BaseAddress = northwind.App.Root };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => Assert.Fail(await (await http.PostAsJsonAsync(new Uri("mart/sql", UriKind.Relative), new { pipeline = "left-alone", sql = Heavy }, patience.Token)).Content.ReadAsStringAsync(Cancelled)));

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        IReadOnlyList<JsonElement> entries;
        while ((entries = [.. (await ListAsync("what=query.sql")).Where(e => e.TryGetProperty("detail", out var body) && body.GetString()!.Contains("left-alone", StringComparison.Ordinal))]).Count == 0)
        {
            await Task.Delay(50, deadline.Token);
        }

        Assert.Equal(("failed", "The caller went away before the answer."), (Text(entries[0], "outcome"), Text(entries[0], "result")));
        Assert.False(entries[0].TryGetProperty("status", out _));
    }

    [Theory]
    [InlineData("limit=0", "from 1 to 1000")]
    [InlineData("from=yesterday", "ISO 8601")]
    public async Task ListAudit_WrongParameter_IsRefused(string query, string detail)
    {
        var answer = await Api.GetAsync($"audit?{query}");

        Assert.Equal(400, answer.Status);
        Assert.Contains(detail, answer.Detail, StringComparison.Ordinal);
    }

    /// <summary>Whoever adds an operation that changes something decides what the log calls it.</summary>
    [Fact]
    public void AuditedOperations_AreAllThatChangeSomethingOrShowRows()
    {
        string[] changesNothing = ["PreviewRun", "Negotiate", "LookUpSchema", "CheckWithSubject", "CheckWithVersion"];
        string[] isData = ["ReceiveWebhook"];
        string[] showsRows = ["PreviewTable"];
        var wanted = Operations.All.Concat(RegistryOperations.All).Where(o => o.Method != "get").Select(o => o.Id).Except([.. changesNothing, .. isData]).Concat(showsRows);

        Assert.Equal(wanted.Order(StringComparer.Ordinal), AuditedOperations.All.Keys.Order(StringComparer.Ordinal));
    }

    private static (string, string, string, string, string, int, string?) Told(JsonElement e) =>
        (Text(e, "who"), Text(e, "what"), Text(e, "target"), Text(e, "from"), Text(e, "outcome"), e.GetProperty("status").GetInt32(), Text(e, "result"));

    private static string Text(JsonElement entry, string name) => entry.GetProperty(name).GetString()!;

    private async Task<IReadOnlyList<JsonElement>> ListAsync(string query) => [.. (await Api.GetAsync($"audit?{query}")).Body.EnumerateArray()];

    private async Task SendAsync(string who, string from)
    {
        using var http = new HttpClient { BaseAddress = northwind.App.Root };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("tables/gold/audited/labels/preview", UriKind.Relative));
        request.Headers.Add("X-MS-CLIENT-PRINCIPAL-NAME", who);
        request.Headers.Add("X-Forwarded-For", from);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
    }
}
