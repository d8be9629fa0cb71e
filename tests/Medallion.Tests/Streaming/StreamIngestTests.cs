using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Schemas;
using Pipeline.Medallion.Streaming;

namespace Pipeline.Medallion.Tests.Streaming;

public sealed class StreamIngestTests(StreamFixture medallion)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ingest_Events_AreInBronzeAndInSilverOrRejected()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        hub.Send(0, new { id = 1, amount = "1.50", seen = "2026-11-26T10:00:00Z", extra = new { a = 1 } });
        hub.Send(0, new { id = 2, amount = -3 });
        hub.Send(1, new { id = 3, amount = 4 });
        hub.Send(1, new { amount = 4 });

        await Task.WhenAll(hub.DeliverAsync(pipeline.Floor, 0), hub.DeliverAsync(pipeline.Floor, 1));

        Assert.Equal(
            [$"{pipeline.Name}/0|0|0|1|1.50|{{\"a\":1}}", $"{pipeline.Name}/0|1|0|2|-3|null", $"{pipeline.Name}/1|0|1|3|4|null", $"{pipeline.Name}/1|1|1|null|4|null"],
            await pipeline.QueryAsync("select _file, _row, _partition, id, amount, extra from bronze.sales where _offset = _row and _enqueued_at is not null order by all"));
        Assert.Equal(["1|1.50|2026-11-26T10:00:00Z", "3|4.00|null"], await pipeline.QueryAsync("select id, amount, strftime(seen, '%Y-%m-%dT%H:%M:%SZ') from silver.sales order by id"));
        Assert.Equal(["1|amount-range:amount:-3", "1|id-required:id"], await pipeline.RejectedAsync("sales"));
    }

    [Fact]
    public async Task Ingest_PoisonEvents_AreRejectedWithTheirRawText()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        hub.Send(0, "{\"id\": 1, \"amount\":");
        hub.Send(0, "[1, 2]");
        hub.Send(0, "");
        hub.Send(0, [0xC3, 0x28, 0x00]);
        hub.Send(0, $"{{\"id\": 2, \"amount\": 1, \"pad\": \"{new string('x', 2 << 20)}\"}}");
        hub.Send(0, "{\"id\": 3, \"amount\": 1}\n");
        hub.Send(0, "null");

        await hub.DeliverAsync(pipeline.Floor, 0);

        Assert.Equal(["3"], await pipeline.QueryAsync("select id from silver.sales"));
        var rows = await pipeline.QueryAsync("select row, failures[1].rule, failures[1].reason, length(raw), left(raw, 11) from rejected.sales order by row");
        Assert.Equal(
            [
                "0|malformed|not a JSON object|25|\"{\\\"id\\\": 1",
                "1|malformed|not a JSON object|8|\"[1, 2]\"",
                "2|malformed|not a JSON object|2|\"\"",
                "3|malformed|not UTF-8: the raw bytes are kept as Base64|6|\"wygA\"",
                "4|malformed|too large: 2,097,185 bytes, at most 1,048,576 are taken|2097195|\"{\\\"id\\\": 2",
                "6|malformed|not a JSON object|6|\"null\"",
            ],
            rows);
    }

    [Fact]
    public async Task Ingest_RepeatedOverlappingAndConcurrentDelivery_AddsNothing()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        var other = medallion.Compose(TimeProvider.System);
        for (var id = 0; id < 60; id++)
        {
            hub.Send(id % 2, new { id, amount = id % 10 == 0 ? -1 : id });
        }

        await hub.DeliverAsync(pipeline.Floor, 0, 0, 10);
        await Task.WhenAll(
            StreamPipelines.RetriedAsync(() => hub.DeliverAsync(pipeline.Floor, 0, 5, 20)),
            StreamPipelines.RetriedAsync(() => hub.DeliverAsync(other, 0, 5, 20)),
            StreamPipelines.RetriedAsync(() => hub.DeliverAsync(other, 1)),
            StreamPipelines.RetriedAsync(() => hub.DeliverAsync(pipeline.Floor, 1)));
        await StreamPipelines.RetriedAsync(() => hub.DeliverAsync(other, 0));
        await StreamPipelines.RetriedAsync(() => hub.DeliverAsync(pipeline.Floor, 0, 7));

        Assert.Equal("60|60", await pipeline.ScalarAsync("select count(*), count(distinct (_file, _row)) from bronze.sales"));
        Assert.Equal("54|54", await pipeline.ScalarAsync("select count(*), count(distinct id) from silver.sales"));
        Assert.Equal("6|6", await pipeline.ScalarAsync("select count(*), count(distinct (file, row)) from rejected.sales"));
    }

    [Fact]
    public async Task Ingest_KeyThatComesAgain_KeepsTheFirstEventAndTheFilesOfSilver()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        hub.Send(0, new { id = 1, amount = 1 });
        hub.Send(0, new { id = 1, amount = 1 });
        hub.Send(1, new { id = 2, amount = 2 });
        await hub.DeliverAsync(pipeline.Floor, 0);
        await hub.DeliverAsync(pipeline.Floor, 1);
        var files = await pipeline.QueryAsync("select _file, _row, id from silver.sales order by id");

        hub.Send(0, new { id = 1, amount = 1 });
        hub.Send(1, new { id = 1, amount = 9 });
        await hub.DeliverAsync(pipeline.Floor, 0);
        await hub.DeliverAsync(pipeline.Floor, 1);

        Assert.Equal(files, await pipeline.QueryAsync("select _file, _row, id from silver.sales order by id"));
        Assert.Equal("5", await pipeline.ScalarAsync("select count(*) from bronze.sales"));
        var rebuilt = await pipeline.RunAsync(fullRefresh: true);
        Assert.Equal(RunStatus.Succeeded, rebuilt.Run.Status);
        Assert.Equal(files, await pipeline.QueryAsync("select _file, _row, id from silver.sales order by id"));
        Assert.Equal("5", await pipeline.ScalarAsync("select count(*) from bronze.sales"));
    }

    [Fact]
    public async Task Ingest_HubCreatedAnew_LosesNothing()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        Fill(0, 5);
        await hub.DeliverAsync(pipeline.Floor, 0);
        hub.CreateAnew();
        Fill(5, 3);

        await hub.DeliverAsync(pipeline.Floor, 0);
        await hub.DeliverAsync(medallion.Compose(TimeProvider.System), 0);

        Assert.Equal("8|8|8", await pipeline.ScalarAsync("select count(*), count(distinct id), count(distinct (_file, _row)) from bronze.sales"));
        Assert.Equal([$"{pipeline.Name}/0|5", $"{pipeline.Name}/0@1|3"], await pipeline.QueryAsync("select _file, count(*) from silver.sales group by all order by all"));

        void Fill(int from, int count) => Enumerable.Range(from, count).ToList().ForEach(id => hub.Send(0, new { id, amount = 1 }));
    }

    [Fact]
    public async Task Ingest_NumbersThatNeverCome_AreAnEventInTheLog()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        for (var id = 0; id < 10; id++)
        {
            hub.Send(0, new { id, amount = 1 });
        }

        await hub.DeliverAsync(pipeline.Floor, 0, 0, 3);
        await hub.DeliverAsync(pipeline.Floor, 0, 6);
        await hub.DeliverAsync(medallion.Compose(TimeProvider.System), 0, 6);

        var told = Assert.Single(await GapsAsync(pipeline));
        Assert.Equal((3L, 5L, 3L), (told.Data["first"].GetInt64(), told.Data["last"].GetInt64(), told.Data["missing"].GetInt64()));
        Assert.Equal("7", await pipeline.ScalarAsync("select count(*) from silver.sales"));
    }

    [Fact]
    public async Task Ingest_SeveralSources_AreToldApartByTheirPropertyAndWhatBelongsToNoneIsKept()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales + """

              visits:
                connector: eventhub
                hub: $
                land: every batch
                columns:
                  page: {type: varchar, required: true}
            """);
        hub.Send(0, new { id = 1, amount = 1 }, "sales");
        hub.Send(0, new { page = "/" }, $"{pipeline.Name}.visits");
        hub.Send(0, new { page = "/a" }, "visit");
        hub.Send(0, new { page = "/b" }, "");
        hub.Send(0, new { id = 2, amount = 1 }, "sales");

        await hub.DeliverAsync(pipeline.Floor, 0);
        await hub.DeliverAsync(medallion.Compose(TimeProvider.System), 0);

        Assert.Equal(["1", "2"], await pipeline.QueryAsync("select id from silver.sales order by id"));
        Assert.Equal(["/"], await pipeline.QueryAsync("select page from silver.visits"));
        var unrouted = await new TestPipeline(pipeline.Floor, "northwind").QueryAsync($"select row, failures[1].rule, failures[1].reason, raw::json->>'$' from rejected._unrouted where source = '{pipeline.Name}' order by row");
        Assert.Equal(
            [
                $"2|unknown-source|the event's property 'source' is 'visit', but the sources are northwind.web_sales, {pipeline.Name}.sales, {pipeline.Name}.visits|{{\"page\":\"/a\"}}",
                $"3|unknown-source|the event has no property 'source', and the sources are northwind.web_sales, {pipeline.Name}.sales, {pipeline.Name}.visits|{{\"page\":\"/b\"}}",
            ],
            unrouted);
        Assert.Empty(await GapsAsync(pipeline));
    }

    /// <summary>Batches that wait at the same time share one commit per table.</summary>
    [Fact]
    public async Task Ingest_LandEverySecond_IsOneCommitForAllThatWait()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales.Replace("every batch", "every 1s", StringComparison.Ordinal), partitions: 8);
        for (var id = 0; id < 80; id++)
        {
            hub.Send(id % 8, new { id, amount = 1 });
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(p => hub.DeliverAsync(pipeline.Floor, p)));

        Assert.Equal("80|1", await pipeline.ScalarAsync("select count(*), count(distinct _ingested_at) from bronze.sales"));
        var bronze = await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, new("bronze", "sales")).ReadAsync((long?)null, Cancelled);
        Assert.Equal(0, bronze?.Version);
        Assert.Equal(8, bronze?.Domains.Keys.Count(d => d.StartsWith("pipeline.stream.", StringComparison.Ordinal)));
    }

    /// <summary>Partitions that wait for a commit bring nothing: where the hub has held events for as long as they may wait, many are committed at once.</summary>
    [Fact]
    public async Task Ingest_BacklogOfManyEvents_DoesNotWaitForMore()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales.Replace("every batch", "every 5m", StringComparison.Ordinal));
        var nextDay = medallion.Compose(new ManualClock(new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero)), s => s.AddSingleton(new StreamOptions { Hub = pipeline.Name }));
        for (var id = 0; id < 5000; id++)
        {
            hub.Send(0, new { id, amount = 1 });
        }

        await hub.DeliverAsync(nextDay, 0).WaitAsync(TimeSpan.FromMinutes(3), Cancelled);

        Assert.Equal("5000", await pipeline.ScalarAsync("select count(*) from silver.sales"));
    }

    /// <summary>A schema is named by the frame of Confluent's clients or by the properties of Event Hubs' ones.</summary>
    [Fact]
    public async Task Ingest_SchemaIsNamed_KnownOnesAreDecodedAndUnknownOnesRejectedWithTheirBytes()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        var known = await pipeline.Floor.GetRequiredService<SchemaRegistry>().RegisterAsync($"{pipeline.Name}-value", SchemaDocument.Parse("""{"type": "object"}"""), Cancelled);
        const int Unknown = 0x70000001;
        hub.Send(0, Framed(known, "{\"id\": 1, \"amount\": 1}"));
        hub.Send(0, Framed(Unknown, "{\"id\": 2, \"amount\": 1}"));
        hub.Send(0, "{\"id\": 3, \"amount\": 1}"u8.ToArray(), schema: $"{known}");
        hub.Send(0, "{\"id\": 4, \"amount\": 1}"u8.ToArray(), schema: "0f8fad5b-d9cb-469f-a165-70867728950e");
        hub.Send(0, Framed(known, "no object"));
        hub.Send(0, [0, 1, 2]);
        hub.Send(0, new { id = 5, amount = 1 });

        await hub.DeliverAsync(pipeline.Floor, 0, 0, 3);
        await hub.DeliverAsync(pipeline.Floor, 0);

        Assert.Equal(["1", "3", "5"], await pipeline.QueryAsync("select id from silver.sales order by id"));
        Assert.Equal(
            [
                $"1|unknown-schema|the event names schema '{Unknown}', which the registry does not have; the raw bytes are kept as Base64|{Convert.ToBase64String(Framed(Unknown, "{\"id\": 2, \"amount\": 1}"))}",
                "3|unknown-schema|the event names schema '0f8fad5b-d9cb-469f-a165-70867728950e', which the registry does not have|{\"id\": 4, \"amount\": 1}",
                "4|malformed|not a JSON object|no object",
                "5|malformed|not a JSON object|\0\u0001\u0002",
            ],
            await pipeline.QueryAsync("select row, failures[1].rule, failures[1].reason, raw::json->>'$' from rejected.sales order by row"));

        static byte[] Framed(int id, string text) => [0, (byte)(id >> 24), (byte)(id >> 16), (byte)(id >> 8), (byte)id, .. Encoding.UTF8.GetBytes(text)];
    }

    [Theory]
    [InlineData("application/json+7", "", "7")]
    [InlineData("Application/JSON+0f8f; charset=utf-8", "", "0f8f")]
    [InlineData("application/json", "", null)]
    [InlineData("application/json+", "", null)]
    [InlineData(null, "schemaId=8", "8")]
    [InlineData("application/json+7", "schema-id=9", "9")]
    [InlineData(null, "content-type=application/json+10", "10")]
    [InlineData(null, "other=1", null)]
    public void Named_ContentTypeAndProperties_GiveTheSchemasId(string? contentType, string property, string? expected) =>
        Assert.Equal(expected, EventSchemas.Named(contentType, name => property.StartsWith($"{name}=", StringComparison.Ordinal) ? property[(name.Length + 1)..] : null));

    private static async Task<IReadOnlyList<PipelineEvent>> GapsAsync(TestPipeline pipeline) =>
        [.. (await pipeline.Floor.GetRequiredService<EventLog>().ReadAsync(new EventFilter { Type = "stream.gap" }, 0, 100, Cancelled)).Events.Where(e => e.Data["hub"].GetString() == pipeline.Name)];
}
