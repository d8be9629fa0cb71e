using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Sources;

namespace Pipeline.Medallion.Tests.Sources.Rest;

public sealed class RestAuthTests(MedallionFixture medallion)
{
    private const string Secret = "planted-s3cret/word+1=";
    private const string Keys = "key: [id], load: full, rest: {path: orders}";
    private const string OAuth = $"Auth=oauth2;TokenUrl={{url}}/token;ClientId=app;ClientSecret=\"{Secret}\";Scope=orders.read";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData($"Auth=apikey;Key=\"{Secret}\"", "X-Api-Key", Secret)]
    [InlineData($"Auth=apikey;Header=X-Shop;Key=\"{Secret}\"", "X-Shop", Secret)]
    [InlineData($"Auth=bearer;Token=\"{Secret}\"", "Authorization", $"Bearer {Secret}")]
    [InlineData($"Auth=basic;User ID=app;Password=\"{Secret}\"", "Authorization", "Basic *")]
    public async Task Run_AuthOfAnyKind_IsInTheHeader(string auth, string header, string expected)
    {
        var value = expected.Replace("*", Convert.ToBase64String(Encoding.UTF8.GetBytes($"app:{Secret}")), StringComparison.Ordinal);
        await using var shop = await RestShop.StartAsync(medallion, context => context.Request.Headers[header] == value ? RestShop.JsonAsync(context, """[{"id": 1}]""") : RefuseAsync(context, 401));
        var pipeline = await shop.PipelineAsync(Keys, auth);

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal("1", await pipeline.ScalarAsync("select id from bronze.orders"));
    }

    [Fact]
    public async Task Run_KeyInTheQuery_IsInEveryRequestAndInNoMessage()
    {
        await using var shop = await RestShop.StartAsync(medallion, context => context.Request.Query["api_key"] != Secret ? RefuseAsync(context, 401)
            : context.Request.Query["page"] == "3" ? RefuseAsync(context, 410)
            : RestShop.JsonAsync(context, $$"""[{"id": {{context.Request.Query["page"]}}}]"""));
        var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: orders, pages: {by: page}}", $"Auth=apikey;Query=api_key;Key=\"{Secret}\"");

        var report = await pipeline.RunAsync();

        Assert.Contains("Page 3 of shop/orders is not there (HTTP 410)", report.Run.Error, StringComparison.Ordinal);
        Assert.Contains("***", report.Run.Error, StringComparison.Ordinal);
        await AssertNowhereAsync(pipeline, report);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(307)]
    [InlineData(200)]
    public async Task Run_AnotherServerThatAnAnswerNames_IsNeverAsked(int status)
    {
        await using var other = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(context, """[{"id": 2}]"""));
        await using var shop = await RestShop.StartAsync(medallion, context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = $"{other.Url}/v1/orders?stolen={Uri.EscapeDataString(Secret)}";
            context.Response.Headers.Link = $"<{other.Url}/v1/orders?page=2&stolen={Uri.EscapeDataString(Secret)}>; rel=\"next\"";
            return RestShop.JsonAsync(context, """[{"id": 1}]""");
        });
        var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: orders, pages: {by: link}}", $"Auth=bearer;Token=\"{Secret}\"");

        var report = await pipeline.RunAsync("bronze.orders");

        Assert.Contains($"to another server, {other.Url}, which was not asked", report.Run.Error, StringComparison.Ordinal);
        Assert.Empty(other.Requests);
        await AssertNowhereAsync(pipeline, report);
    }

    [Fact]
    public async Task Run_TokenThatEndsInBetween_IsRenewed()
    {
        var clock = new ManualClock();
        var tokens = 0;
        await using var shop = await RestShop.StartAsync(medallion, async context =>
        {
            if (context.Request.Path == "/token")
            {
                var form = await context.Request.ReadFormAsync();
                await (form["client_secret"] == Secret && form["scope"] == "orders.read" && form["grant_type"] == "client_credentials"
                    ? RestShop.JsonAsync(context, $$"""{"access_token": "token-{{++tokens}}", "expires_in": 3600, "token_type": "Bearer"}""") : RefuseAsync(context, 400));
                return;
            }

            var page = int.Parse(context.Request.Query["page"].ToString(), CultureInfo.InvariantCulture);
            clock.Advance(TimeSpan.FromMinutes(25));
            await (context.Request.Headers.Authorization == $"Bearer token-{tokens}" ? RestShop.JsonAsync(context, page > 5 ? "[]" : $$"""[{"id": {{page}}}]""") : RefuseAsync(context, 401));
        });
        var pipeline = (await shop.PipelineAsync("key: [id], load: full, rest: {path: orders, pages: {by: page, verify: false}}")).On(shop.Compose(OAuth, clock: clock));

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal("5", await pipeline.ScalarAsync("select count(*) from bronze.orders"));
        Assert.Equal(2, tokens);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task Run_TokenThatIsRefused_IsRenewedOnceAndThenTerminal(int status)
    {
        var (tokens, accepted) = (0, 2);
        await using var shop = await RestShop.StartAsync(medallion, context =>
            context.Request.Path == "/token" ? RestShop.JsonAsync(context, $$"""{"access_token": "token-{{++tokens}}"}""")
            : context.Request.Headers.Authorization == $"Bearer token-{accepted}" ? RestShop.JsonAsync(context, """[{"id": 1}]""")
            : RefuseAsync(context, status));
        var pipeline = await shop.PipelineAsync(Keys, OAuth);
        await pipeline.SucceedAsync();
        Assert.Equal(2, tokens);
        accepted = 0;

        var report = await pipeline.RunAsync();

        Assert.Contains($"Page 1 of shop/orders is refused (HTTP {status})", report.Run.Error, StringComparison.Ordinal);
        Assert.Equal(3, tokens);
        await AssertNowhereAsync(pipeline, report, "token-3");
    }

    [Fact]
    public async Task Run_TokenServerThatFailsOnce_IsAskedAgain()
    {
        var asked = 0;
        await using var shop = await RestShop.StartAsync(medallion, context =>
            context.Request.Path != "/token" ? RestShop.JsonAsync(context, """[{"id": 1}]""") : ++asked == 1 ? RefuseAsync(context, 503) : RestShop.JsonAsync(context, """{"access_token": "t", "expires_in": "60"}"""));
        var pipeline = await shop.PipelineAsync(Keys, OAuth);

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal(2, asked);
    }

    [Theory]
    [InlineData(400, """{"error": "invalid_client", "error_description": "planted-s3cret/word+1="}""", "gives no token (HTTP 400, invalid_client): check ClientId, ClientSecret and Scope of Connections__shop")]
    [InlineData(200, "<html>", "does not answer as one (HTTP 200): expected JSON with an access_token")]
    [InlineData(302, "{}", "gives no token (HTTP 302)")]
    public async Task Run_TokenThatIsNotGiven_IsTerminal(int status, string answer, string expected)
    {
        await using var shop = await RestShop.StartAsync(medallion, context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "http://other.example.com/";
            return context.Response.WriteAsync(answer);
        });
        var pipeline = await shop.PipelineAsync(Keys, OAuth);

        var report = await pipeline.RunAsync();

        Assert.Contains(expected, report.Run.Error, StringComparison.Ordinal);
        Assert.Equal(["/token"], shop.Requests);
        await AssertNowhereAsync(pipeline, report);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(400)]
    [InlineData(200)]
    public async Task Run_ServerThatRepeatsItsHeaders_HasThemInNoMessage(int status)
    {
        await using var shop = await RestShop.StartAsync(medallion, context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/plain";
            return context.Response.WriteAsync(string.Join(' ', context.Request.Headers.Select(h => $"{h.Key}: {h.Value}").Append(Uri.EscapeDataString(Secret))));
        });
        foreach (var auth in new[] { $"Auth=apikey;Key=\"{Secret}\"", $"Auth=bearer;Token=\"{Secret}\"", $"Auth=basic;User ID=app;Password=\"{Secret}\"" })
        {
            var pipeline = await shop.PipelineAsync(Keys, auth);

            var report = await pipeline.RunAsync();

            Assert.Contains("***", report.Run.Error, StringComparison.Ordinal);
            await AssertNowhereAsync(pipeline, report);
        }
    }

    [Theory]
    [InlineData("Url=http://api.example.com/v1;Auth=bearer;Token=@", "it allows a connection without TLS, which only a server on this machine may have: expected Url=https://…")]
    [InlineData("Url=https://api.example.com;Auth=oauth2;TokenUrl=http://api.example.com/t;ClientId=a;ClientSecret=@", "expected TokenUrl=https://…")]
    [InlineData("Url=https://app:s3cretword@api.example.com/v1", "its Url has a user in it: expected Auth=basic")]
    [InlineData("Url=https://api.example.com/v1?key=@", "its Url has a '?'")]
    [InlineData("Url=api.example.com/@", "its Url is no URL")]
    [InlineData("Auth=bearer;Token=@", "it has no Url")]
    [InlineData("Url=https://api.example.com;Auth=digest;Token=@", "its Auth is none that is known: expected none, apikey, basic, bearer, oauth2")]
    [InlineData("Url=https://api.example.com;Auth=oauth2;ClientSecret=@", "it has no TokenUrl")]
    [InlineData("https://api.example.com/s3cretword", "The setting Connections__shop is no connection string: expected KEY=VALUE;… such as Url=")]
    public async Task Plan_ConnectionThatCannotWork_IsRefusedWithoutItsSecret(string connection, string expected)
    {
        await using var shop = await RestShop.StartAsync(medallion, _ => Task.CompletedTask);
        var pipeline = (await shop.PipelineAsync(Keys)).On(shop.Compose(connection: connection.Replace("=@", $"={Secret}", StringComparison.Ordinal).Replace("/@", $"/{Secret}", StringComparison.Ordinal)));

        var error = await pipeline.UnscannedAsync<TerminalException>("orders");

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Rate_IsKept()
    {
        await using var shop = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(context, context.Request.Query["page"] == "4" ? "[]" : $$"""[{"id": {{context.Request.Query["page"]}}}]"""));
        var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: orders, rate: 2/h, pages: {by: page, verify: false}}");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var run = new RunDriver(pipeline.Floor).RunAsync(await pipeline.RequestAsync(), patience.Token);
        while (shop.Requests.Count < 2)
        {
            await Task.Delay(5, Cancelled);
        }

        // The bucket is empty: the third request waits for half an hour.
        await Task.Delay(200, Cancelled);
        Assert.Equal(2, shop.Requests.Count);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private static Task RefuseAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync($"refused: {context.Request.QueryString} {context.Request.Headers.Authorization}");
    }

    // The plan, the steps, the events, the state in the table's log, the rows, and what the app says of its connections.
    private static async Task AssertNowhereAsync(TestPipeline pipeline, RunReport report, params string[] more)
    {
        var texts = new List<string> { Json.Write(report), pipeline.Floor.GetRequiredService<Connections>().ToString() };
        var events = await pipeline.Floor.GetRequiredService<EventLog>().ReadAsync(new EventFilter { Source = $"{pipeline.Name}/bronze.orders" }, 0, 100, Cancelled);
        Assert.NotEmpty(events.Events);
        texts.Add(Json.Write(events));
        if (await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, TableKey.Parse("bronze.orders")).ReadAsync((long?)null, Cancelled) is { } bronze)
        {
            texts.AddRange(bronze.Domains.Values);
            texts.AddRange(await pipeline.QueryAsync("select * from bronze.orders"));
        }

        foreach (var secret in (string[])[Secret, Uri.EscapeDataString(Secret), Convert.ToBase64String(Encoding.UTF8.GetBytes($"app:{Secret}")), .. more])
        {
            Assert.All(texts, text => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        }
    }
}
