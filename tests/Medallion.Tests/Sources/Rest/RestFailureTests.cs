using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Sources.Rest;

/// <summary>A server that does what servers do.</summary>
public sealed class RestFailureTests(MedallionFixture medallion)
{
    private const string Keys = "key: [id], load: full, rest: {path: orders, records: items, pages: {by: cursor, next: next}}";
    private const int Pages = 9;

    private static readonly string[] Failures = ["429", "429 after a date", "503", "500", "no answer", "broken off", "truncated", "slow to begin", "slow to go on"];

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Run_EveryPageFailsOnce_IsExact(int first)
    {
        // Each in another way; or, the connection being lost, all in the same.
        var failed = new HashSet<string>();
        await using var shop = await RestShop.StartAsync(medallion, context => failed.Add(Cursor(context))
            ? FailAsync(context, Failures[first == 0 ? int.Parse(Cursor(context), CultureInfo.InvariantCulture) : first])
            : PageAsync(context));
        var pipeline = await shop.PipelineAsync(Keys, options: RestShop.Quick with { AnswerTimeout = TimeSpan.FromMilliseconds(600), ReadTimeout = TimeSpan.FromMilliseconds(600), Attempts = 8 });

        await pipeline.SucceedAsync("bronze.orders");

        // No page before the one that failed was asked for again.
        Assert.InRange(shop.Requests.Count(r => r == "/v1/orders"), 2, Pages / 2);
        Assert.Equal("18|18", await pipeline.ScalarAsync("select count(*), count(distinct id) from bronze.orders"));
        Assert.Empty((await pipeline.SucceedAsync("bronze.orders")).Built);
    }

    [Theory]
    [InlineData("500", "Page 3 of shop/orders is not given for now (HTTP 500). It may pass.")]
    [InlineData("broken off", "Page 3 of shop/orders could not be read: the connection failed or broke off")]
    [InlineData("truncated", "Page 3 of shop/orders breaks off after 10 bytes, in the middle of its JSON. It may pass.")]
    [InlineData("slow to begin", "Page 3 of shop/orders did not come in time. It may pass.")]
    [InlineData("429 for an hour", "the server asks to wait for 3600 s (Retry-After), longer than the 2 s that a step waits")]
    public async Task Land_FailureThatStays_IsTransientAndTheRepeatIsExact(string failure, string expected)
    {
        var isBroken = true;
        await using var shop = await RestShop.StartAsync(medallion, context => isBroken && Cursor(context) == "2" ? FailAsync(context, failure) : PageAsync(context));
        var pipeline = await shop.PipelineAsync(Keys, options: RestShop.Quick with { Attempts = 2, AnswerTimeout = failure.StartsWith("slow", StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(300) : TimeSpan.FromMinutes(1) });
        var steps = pipeline.Floor.GetRequiredService<PipelineSteps>();
        var plan = await steps.PlanAsync(await pipeline.RequestAsync(), "plan", TestContext.Current.CancellationToken);
        var work = plan.WorkOf(plan.Steps[0], plan.Versions);

        var error = await Assert.ThrowsAsync<TransientException>(() => steps.LandFilesAsync(work, "first", TestContext.Current.CancellationToken));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        isBroken = false;
        var landed = await steps.LandFilesAsync(work, "second", TestContext.Current.CancellationToken);
        await steps.CommitSourceAsync(work with { Landed = [landed] }, "third", TestContext.Current.CancellationToken);
        Assert.Equal("18|18", await pipeline.ScalarAsync("select count(*), count(distinct id) from bronze.orders"));
    }

    [Theory]
    [InlineData("html", "has the content type 'text/html': expected application/json. It begins with: <html>Please log in</html>")]
    [InlineData("404", "is not there (HTTP 404)")]
    [InlineData("400", "is refused (HTTP 400). Check the definition of the source. The answer begins with: no such field")]
    [InlineData("403", "the API does not accept what connection 'shop' is known by")]
    [InlineData("no JSON", "Page 1 of shop/orders is no JSON")]
    [InlineData("latin", "is written in 'iso-8859-1': expected UTF-8")]
    [InlineData("object", "has no list of records at 'items': the answer is an object with error, code")]
    [InlineData("text", "has no list of records at 'items', but a string")]
    [InlineData("large", "is larger than 100,000 bytes, which an answer may have: ask for fewer records at a time")]
    [InlineData("redirect", "is redirected to another server, http://other.example.com")]
    [InlineData("redirect to another port", "is redirected to another server, http://127.0.0.1:1,")]
    [InlineData("redirect in a circle", "leads from one URL to the next without an end: 5 redirects were followed")]
    [InlineData("next of another", "leads to another server, https://other.example.com")]
    public async Task Run_AnswerThatNobodyCanUse_IsTerminalAndAskedForOnce(string answer, string expected)
    {
        await using var shop = await RestShop.StartAsync(medallion, context => RefuseAsync(context, answer));
        var paging = answer.StartsWith("next", StringComparison.Ordinal) ? Keys.Replace("{by: cursor, next: next}", "{by: link}", StringComparison.Ordinal) : Keys;
        var pipeline = await shop.PipelineAsync(paging, options: RestShop.Quick with { PageBytes = 100_000 });

        var report = await pipeline.RunAsync("bronze.orders");

        Assert.Contains(expected, report.Run.Error, StringComparison.Ordinal);
        Assert.Equal(answer.EndsWith("circle", StringComparison.Ordinal) ? 6 : 1, shop.Requests.Count);
    }

    [Fact]
    public async Task Run_RedirectWithinTheServer_IsFollowed()
    {
        await using var shop = await RestShop.StartAsync(medallion, context =>
        {
            if (context.Request.Path == "/v1/orders")
            {
                context.Response.Redirect($"/v2/orders{context.Request.QueryString}");
                return Task.CompletedTask;
            }

            return PageAsync(context);
        });
        var pipeline = await shop.PipelineAsync(Keys);

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal("18", await pipeline.ScalarAsync("select count(distinct id) from bronze.orders"));
    }

    [Fact]
    public async Task Run_PageOfFiftyMegabytes_IsTakenRecordByRecord()
    {
        var text = new string('x', 10_000);
        await using var shop = await RestShop.StartAsync(medallion, async context =>
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            await context.Response.WriteAsync("""{"items": [""");
            for (var id = 0; id < 5000; id++)
            {
                await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $$"""{{(id == 0 ? "" : ",\r\n")}}{"id": {{id}}, "text": "{{text}}"}"""));
            }

            await context.Response.WriteAsync("""], "next": null}""");
        });
        var pipeline = await shop.PipelineAsync(Keys);

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal("5000|5000|50000000", await pipeline.ScalarAsync("select count(*), count(distinct id), sum(strlen(text)) from bronze.orders"));
    }

    private static string Cursor(HttpContext context) => context.Request.Query.TryGetValue("cursor", out var value) ? value.ToString() : "0";

    private static Task PageAsync(HttpContext context)
    {
        var page = int.Parse(Cursor(context), CultureInfo.InvariantCulture);
        return RestShop.JsonAsync(context, $$"""{"items": [{"id": {{page * 2}}}, {"id": {{(page * 2) + 1}}}], "next": {{(page == Pages - 1 ? "null" : $"{page + 1}")}}}""");
    }

    private static async Task FailAsync(HttpContext context, string failure)
    {
        context.Response.ContentType = "application/json";
        switch (failure)
        {
            case "429 after a date":
                context.Response.StatusCode = 429;
                context.Response.Headers.RetryAfter = DateTimeOffset.UtcNow.AddMilliseconds(-1).ToString("R");
                break;
            case "429" or "429 for an hour":
                context.Response.StatusCode = 429;
                context.Response.Headers.RetryAfter = failure == "429" ? "0" : "3600";
                break;
            case "no answer":
                context.Abort();
                break;
            case "broken off":
                context.Response.ContentLength = 100;
                await context.Response.WriteAsync("""{"items": [""");
                await context.Response.Body.FlushAsync();
                context.Abort();
                break;
            case "truncated":
                await context.Response.WriteAsync("""{"items":[""");
                break;
            case "slow to begin":
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            case "slow to go on":
                await context.Response.WriteAsync("""{"items": [""");
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            default:
                context.Response.StatusCode = int.Parse(failure, CultureInfo.InvariantCulture);
                break;
        }
    }

    private static async Task RefuseAsync(HttpContext context, string answer)
    {
        context.Response.ContentType = answer switch { "html" => "text/html", "latin" => "application/json; charset=iso-8859-1", _ => "application/json" };
        context.Response.StatusCode = int.TryParse(answer, CultureInfo.InvariantCulture, out var status) ? status : answer.StartsWith("redirect", StringComparison.Ordinal) ? 302 : 200;
        context.Response.Headers.Location = answer switch
        {
            "redirect" => "http://other.example.com/v1/orders",
            "redirect to another port" => "http://127.0.0.1:1/v1/orders",
            "redirect in a circle" => "/v1/orders",
            _ => default,
        };
        if (answer.StartsWith("next", StringComparison.Ordinal))
        {
            context.Response.Headers.Link = "<https://other.example.com/v1/orders?page=2>; rel=next";
        }

        await context.Response.WriteAsync(answer switch
        {
            "html" => "<html>Please log in</html>",
            "400" => "no such\nfield",
            "no JSON" => """{"items": [}""",
            "object" => """{"error": {"text": "none"}, "code": 3}""",
            "text" => """{"items": "none"}""",
            "large" => $$"""{"items": ["{{new string('x', 100_000)}}"]}""",
            "next of another" => """{"items": [{"id": 1}]}""",
            _ => "{}",
        });
    }
}
