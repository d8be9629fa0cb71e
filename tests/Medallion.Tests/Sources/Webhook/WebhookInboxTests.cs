using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.Webhook;

namespace Pipeline.Medallion.Tests.Sources.Webhook;

public sealed class WebhookInboxTests(MedallionFixture medallion)
{
    private const string Secret = "0123456789abcdef-planted";

    private const string Yaml = """
        sources:
          payments:
            connector: webhook
            connection: hooks
            key: [payment]
            columns:
              payment: {type: varchar, required: true}
              amount: {type: "decimal(9,2)", min: 0}
              lines: {type: varchar}
        """;

    private readonly ManualClock clock = new(DateTimeOffset.UtcNow);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receive_DeliveriesOfAnyShape_AreRowsOrRejectedOnceAndInTheirOrder()
    {
        var pipeline = await CreateAsync();
        await ReceiveAsync(pipeline, "m1", """{"payment": "a", "amount": 10.50, "lines": [{"n": 1}]}""");
        await ReceiveAsync(pipeline, "m2", """[{"payment": "b", "amount": 5}, {"payment": "c", "amount": -1}, 7]""");
        await ReceiveAsync(pipeline, "m3", "{\n  \"payment\": \"a\",\n  \"amount\": 11.00\n}");
        await ReceiveAsync(pipeline, "m4", "not json: é");
        await ReceiveAsync(pipeline, "m5", "");

        var first = await pipeline.SucceedAsync();
        var second = await pipeline.SucceedAsync();

        Assert.Equal(["bronze.payments", "silver.payments"], first.Built);
        Assert.Empty(second.Built);
        Assert.Equal(["a|11.00|null", "b|5.00|null"], await pipeline.QueryAsync("select payment, amount, lines from silver.payments order by 1"));
        Assert.Equal(["amount-range", "malformed", "malformed", "malformed"], await pipeline.QueryAsync("select f.rule from (select unnest(failures) as f from rejected.payments) order by 1"));
        Assert.Contains("\"not json: é\"", await pipeline.QueryAsync("select _raw from bronze.payments where _raw is not null"));
        Assert.Equal("[{\"n\":1}]", await pipeline.ScalarAsync("select lines from bronze.payments where payment = 'a' and lines is not null"));
    }

    [Fact]
    public async Task Receive_SameIdAgain_IsTheSameDelivery()
    {
        var pipeline = await CreateAsync();

        var first = await ReceiveAsync(pipeline, "m1", """{"payment": "a", "amount": 1}""");
        clock.Advance(TimeSpan.FromMinutes(2));
        var again = await ReceiveAsync(pipeline, "m1", """{"payment": "a", "amount": 1}""");
        await pipeline.SucceedAsync();
        var late = await ReceiveAsync(pipeline, "m1", """{"payment": "a", "amount": 1}""");

        Assert.Equal((new WebhookReceipt("m1", false), new WebhookReceipt("m1", true), new WebhookReceipt("m1", true)), (first, again, late));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
        Assert.Equal("1", await pipeline.ScalarAsync("select count(*) from bronze.payments"));
    }

    [Fact]
    public async Task Receive_ManyAtOnce_EachIsTakenOnce()
    {
        var pipeline = await CreateAsync();

        var receipts = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => ReceiveAsync(pipeline, $"m{i % 20}", $$"""{"payment": "p{{i % 20}}", "amount": 1}""")));
        await pipeline.SucceedAsync();

        Assert.Equal(20, receipts.Select(r => r.Id).Distinct().Count());
        Assert.Equal("20|20", await pipeline.ScalarAsync("select count(*), count(distinct payment) from bronze.payments"));
    }

    /// <summary>What a sender delivers again because it had no answer is neither lost nor there twice, wherever the app died.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public async Task Receive_DeathAtEachWrite_TheRepeatIsTakenOnce(int writes, bool runsInBetween)
    {
        var pipeline = await CreateAsync();
        var dying = new DyingLake(pipeline.Lake, writes);
        var inbox = Inbox(pipeline, dying);

        await Assert.ThrowsAsync<TransientException>(() => ReceiveAsync(inbox, pipeline, "m1", """{"payment": "a", "amount": 1}"""));
        clock.Advance(TimeSpan.FromSeconds(30));
        if (runsInBetween)
        {
            await ReceiveAsync(pipeline, "m2", """{"payment": "b", "amount": 2}""");
            await pipeline.SucceedAsync();
        }

        await ReceiveAsync(pipeline, "m1", """{"payment": "a", "amount": 1}""");
        await pipeline.SucceedAsync();

        Assert.Equal("1", await pipeline.ScalarAsync("select count(*) from bronze.payments where payment = 'a'"));
    }

    [Fact]
    public async Task Receive_WrongOnes_AreRefusedAndLeaveNothing()
    {
        var pipeline = await CreateAsync();
        var inbox = Inbox(pipeline);

        await Assert.ThrowsAsync<SignatureException>(() => inbox.ReceiveAsync(pipeline.Name, "payments", _ => "", "{}"u8.ToArray(), Cancelled));
        await Assert.ThrowsAsync<UnknownWebhookException>(() => inbox.ReceiveAsync(pipeline.Name, "orders", _ => "", "{}"u8.ToArray(), Cancelled));
        await Assert.ThrowsAsync<UnknownPipelineException>(() => inbox.ReceiveAsync("nobodys", "payments", _ => "", "{}"u8.ToArray(), Cancelled));

        await foreach (var file in pipeline.Lake.ListPrefixAsync("landing", $"webhooks/{pipeline.Name}/", Cancelled))
        {
            Assert.Fail($"{file.Path}");
        }
    }

    [Fact]
    public async Task Run_NothingDelivered_SaysSoAndNowhereIsTheSecret()
    {
        var pipeline = await CreateAsync();

        var report = await pipeline.SucceedAsync();

        Assert.Equal("Nothing was delivered yet.", report["bronze.payments"].Note);
        Assert.DoesNotContain(Secret, Json.Write(report), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("path: x/*.csv", "source 'payments' has 'path', which is for files: each delivery of a webhook is JSON, and taken once")]
    [InlineData("webhook: {scheme: github}", "'scheme' in 'webhook' is 'github': expected one of standard, stripe")]
    [InlineData("webhook: {tolerance: 2h}", "the tolerance of source 'payments' is '2h': expected up to 1h")]
    [InlineData("webhook: {secret: x}", "secret")]
    [InlineData("table: orders", "source 'payments' has 'table', which is for the connector sql")]
    public async Task Define_WrongKeys_AreRefused(string line, string expected)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Yaml}\n    {line}");

        Assert.Contains((await pipeline.RefusedAsync()).Problems, p => p.Message.Contains(expected, StringComparison.Ordinal));
    }

    private async Task<TestPipeline> CreateAsync() => (await TestPipeline.CreateAsync(medallion, Yaml)).On(medallion.Compose(
        TimeProvider.System, services => services.AddSingleton(new Connections([KeyValuePair.Create<string, string?>("hooks", $"Secret={Secret}")]))));

    private WebhookInbox Inbox(TestPipeline pipeline, ILake? lake = null) =>
        new(lake ?? pipeline.Lake, pipeline.Floor.GetRequiredService<DefinitionStore>(), pipeline.Floor.GetRequiredService<Connections>(), clock);

    private Task<WebhookReceipt> ReceiveAsync(TestPipeline pipeline, string id, string body) => ReceiveAsync(Inbox(pipeline), pipeline, id, body);

    private Task<WebhookReceipt> ReceiveAsync(WebhookInbox inbox, TestPipeline pipeline, string id, string body)
    {
        clock.Advance(TimeSpan.FromMilliseconds(1));
        var time = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{id}.{time}.{body}")));
        return inbox.ReceiveAsync(
            pipeline.Name,
            "payments",
            name => name switch { "webhook-id" => id, "webhook-timestamp" => time, "webhook-signature" => $"v1,{signature}", _ => "" },
            Encoding.UTF8.GetBytes(body),
            Cancelled);
    }
}
