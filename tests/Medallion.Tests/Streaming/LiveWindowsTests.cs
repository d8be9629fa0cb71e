using System.Globalization;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Streaming;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.Medallion.Tests.Streaming;

public sealed class LiveWindowsTests(StreamFixture medallion)
{
    private const string Yaml = """
        sources:
          sales:
            connector: eventhub
            hub: $
            land: every batch
            key: [id]
            columns:
              id: {type: bigint, required: true}
              country: {type: varchar}
              amount: {type: "decimal(18,2)", min: 0}
              weight: {type: double}
              sold: {type: timestamp, required: true}
        aggregates:
          by_country:
            from: sales
            time: sold
            window: 1m
            lateness: 30s
            by: [country]
            values: {revenue: sum(amount), orders: count(*), least: min(amount), most: max(amount), mean: avg(amount), weighed: count(weight)}
          moving: {from: sales, time: sold, window: 1m every 20s, lateness: 1m, values: {orders: count(*)}}
        """;

    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_EventsOfSeveralPartitions_AreOneWindowWithItsGroups()
    {
        var (pipeline, hub) = await NewAsync();
        Sale(hub, 0, 1, 5, "DE", 1.10m);
        Sale(hub, 1, 2, 10, "DE", 2.25m);
        Sale(hub, 1, 3, 59, null, 4m, weight: 1.5);
        Sale(hub, 0, 4, 60, "DE", 8m);
        Sale(hub, 0, 5, 61, "DE", -1m);
        Sale(hub, 1, 2, 62, "DE", 2.25m);
        await hub.DeliverAsync(pipeline.Floor, 0);
        await hub.DeliverAsync(medallion.Compose(TimeProvider.System, s => s.AddSingleton(new StreamOptions { Hub = pipeline.Name })), 1);
        await hub.DeliverAsync(pipeline.Floor, 1);

        Assert.Equal(
            [
                "12:00:00 open [DE] revenue=3.35 orders=2 least=1.10 most=2.25 mean=1.675 weighed=0",
                "12:00:00 open [null] revenue=4.00 orders=1 least=4.00 most=4.00 mean=4 weighed=1",
                "12:01:00 open [DE] revenue=8.00 orders=1 least=8.00 most=8.00 mean=8 weighed=0",
            ],
            await ReadAsync(pipeline, "by_country"));
        Assert.Equal(
            ["11:59:20 open [] orders=2", "11:59:40 open [] orders=2", "12:00:00 open [] orders=3", "12:00:20 open [] orders=2", "12:00:40 open [] orders=2", "12:01:00 open [] orders=1"],
            await ReadAsync(pipeline, "moving"));
    }

    /// <summary>What comes with the very first commit counts, however far back its events lie.</summary>
    [Fact]
    public async Task Advance_FirstCommitOfADay_CountsAllOfIt()
    {
        var (pipeline, hub) = await NewAsync(Yaml.Replace("lateness: 30s", "lateness: 1d", StringComparison.Ordinal));
        Sale(hub, 0, 1, 0, "DE", 1m);
        Sale(hub, 0, 2, 10 * 3600, "DE", 2m);
        await hub.DeliverAsync(pipeline.Floor, 0);

        var answer = await pipeline.Floor.GetRequiredService<LiveReader>().ReadAsync(pipeline.Name, "by_country", 601, Cancelled);
        Assert.Equal([(Noon, "1.00"), (Noon.AddHours(10), "2.00")], answer.Windows.Select(w => (w.StartUtc, $"{w.Groups.Single().Values["revenue"]}")));
    }

    [Fact]
    public async Task Advance_LateEvents_CountWithinTheLatenessAndAreDroppedAfterIt()
    {
        var (pipeline, hub) = await NewAsync();
        Sale(hub, 0, 1, 30, "DE", 1m);
        Sale(hub, 0, 2, 80, "DE", 1m);
        await hub.DeliverAsync(pipeline.Floor, 0);
        Sale(hub, 0, 3, 40, "DE", 1m);
        await hub.DeliverAsync(pipeline.Floor, 0);
        Sale(hub, 0, 4, 90, "DE", 1m);
        await hub.DeliverAsync(pipeline.Floor, 0);
        Sale(hub, 0, 5, 50, "DE", 1m);
        Sale(hub, 0, 6, 91, "DE", 1m);
        await hub.DeliverAsync(pipeline.Floor, 0);

        var answer = await pipeline.Floor.GetRequiredService<LiveReader>().ReadAsync(pipeline.Name, "by_country", 5, Cancelled);

        Assert.Equal((1L, 1L, Noon.AddSeconds(91)), (answer.Late, answer.Dropped, answer.WatermarkUtc));
        Assert.Equal([true, false], answer.Windows.Select(w => w.Closed));
        Assert.Equal(["2026-11-26 12:00:00|DE|2.00|2|1.00|1.00|1|0"], await ClosedAsync(pipeline));
        Assert.Equal("6", await pipeline.ScalarAsync("select count(*) from silver.sales"));
    }

    /// <summary>The slowest partition decides, unless it has had no events for long.</summary>
    [Fact]
    public async Task Advance_WindowsOfTwoPartitions_CloseWhenBothHavePassed()
    {
        var (pipeline, hub) = await NewAsync();
        Sale(hub, 1, 1, 30, "DE", 1m);
        await hub.DeliverAsync(pipeline.Floor, 1);
        Sale(hub, 0, 2, 300, "DE", 1m);
        await hub.DeliverAsync(pipeline.Floor, 0);
        var table = await TableAsync(pipeline);
        Sale(hub, 1, 3, 100, "CH", 2m);
        await hub.DeliverAsync(pipeline.Floor, 1);

        Assert.Null(table);
        Assert.Equal(["2026-11-26 12:00:00|DE|1.00|1|1.00|1.00|1|0"], await ClosedAsync(pipeline));
        Assert.NotNull(await TableAsync(pipeline));
    }

    /// <summary>What a partition had before its hub was created anew holds nobody up: nothing more comes of it.</summary>
    [Fact]
    public async Task Advance_HubCreatedAnew_WindowsCloseByWhatComesNow()
    {
        var (pipeline, hub) = await NewAsync();
        Sale(hub, 0, 1, 30, "DE", 1m);
        await hub.DeliverAsync(pipeline.Floor, 0);
        hub.CreateAnew();
        Sale(hub, 0, 2, 300, "DE", 1m);
        await hub.DeliverAsync(pipeline.Floor, 0);

        Assert.NotNull(await TableAsync(pipeline));
        Assert.Equal(["2026-11-26 12:00:00|DE|1.00|1|1.00|1.00|1|0"], await ClosedAsync(pipeline));
    }

    /// <summary>Random events in random batches by two instances, each batch twice: closed and open windows together are what a query over silver gives.</summary>
    [Theory]
    [InlineData(1)]
    public async Task Advance_RandomDelivery_IsWhatABatchQueryGives(int seed)
    {
        var random = new Random(seed);
        var (pipeline, hub) = await NewAsync(Yaml.Replace("lateness: 30s", "lateness: 5m", StringComparison.Ordinal), partitions: 3);
        var other = medallion.Compose(TimeProvider.System, s => s.AddSingleton(new StreamOptions { Hub = pipeline.Name }));
        var second = 0;
        foreach (var round in Enumerable.Range(0, 6))
        {
            for (var i = 0; i < 40; i++)
            {
                second += random.Next(0, 8);
                Sale(hub, random.Next(3), (round * 40) + i, second - random.Next(0, 25), random.Next(3) switch { 0 => "DE", 1 => "CH", _ => null }, random.Next(0, 1000) / 100m);
            }

            var deliveries = Enumerable.Range(0, 3).SelectMany(p => new[] { (p, pipeline.Floor), (p, other) }).OrderBy(_ => random.Next());
            await Task.WhenAll(deliveries.Select(d => StreamPipelines.RetriedAsync(() => hub.DeliverAsync(d.Item2, d.p))));
        }

        const string sums = "time_bucket(interval 1 minute, sold) as w, country, sum(amount) as revenue, count(*) as orders";
        var batch = await pipeline.QueryAsync($"select strftime(w, '%H:%M:%S'), coalesce(country, 'null'), revenue, orders from (select {sums} from silver.sales group by all) order by all");
        var live = (await pipeline.Floor.GetRequiredService<LiveReader>().ReadAsync(pipeline.Name, "by_country", 100, Cancelled)).Windows
            .SelectMany(w => w.Groups.Select(g => $"{w.StartUtc:HH:mm:ss}|{g.Key["country"]?.ToString() ?? "null"}|{g.Values["revenue"]}|{g.Values["orders"]}")).Order(StringComparer.Ordinal);
        Assert.Equal(batch.Order(StringComparer.Ordinal), live);
        var stored = await pipeline.QueryAsync("select strftime(window_start, '%H:%M:%S'), coalesce(country, 'null'), revenue, orders from gold.by_country order by all");
        Assert.True(stored.Count > 5);
        Assert.Equal(stored.Distinct(), stored);
        Assert.Subset(batch.ToHashSet(), stored.ToHashSet());
    }

    /// <summary>An instance that dies after any of its writes of state leaves something that the next one takes up.</summary>
    [Fact]
    public async Task Advance_StateIsWrittenHalf_IsTakenUpWhereEachRowStands()
    {
        var (pipeline, hub) = await NewAsync();
        Sale(hub, 0, 1, 5, "DE", 1m);
        Sale(hub, 0, 2, 65, "CH", 2m);
        await hub.DeliverAsync(pipeline.Floor, 0);

        // As if the windows had been written, and not that they are: what follows is counted on from where each row stands.
        var table = pipeline.Floor.GetRequiredService<TableServiceClient>().GetTableClient("live");
        var key = $"{pipeline.Name}|by_country";
        foreach (var row in new[] { "aggregate", $"partition {pipeline.Name} 0" })
        {
            await table.DeleteEntityAsync(key, row, cancellationToken: Cancelled);
        }

        Sale(hub, 0, 3, 70, "CH", 4m);
        await hub.DeliverAsync(pipeline.Floor, 0);

        Assert.Equal(
            ["12:00:00 open [DE] revenue=1.00 orders=1", "12:01:00 open [CH] revenue=6.00 orders=2"],
            (await ReadAsync(pipeline, "by_country")).Select(w => w[..w.IndexOf(" least", StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task Read_UnknownAggregate_TellsWhichThereAre()
    {
        var (pipeline, _) = await NewAsync();

        var error = await Assert.ThrowsAsync<UnknownAggregateException>(() => pipeline.Floor.GetRequiredService<LiveReader>().ReadAsync(pipeline.Name, "by_city", 5, Cancelled));

        Assert.Equal($"Pipeline '{pipeline.Name}' has no live aggregate 'by_city': it has by_country, moving.", error.Message);
    }

    private async Task<(TestPipeline Pipeline, TestHub Hub)> NewAsync(string yaml = Yaml, int partitions = 2) => await StreamPipelines.CreateAsync(medallion, yaml, partitions);

    private static void Sale(TestHub hub, int partition, int id, int second, string? country, decimal amount, double? weight = null) =>
        hub.Send(partition, new { id, country, amount, weight, sold = Noon.AddSeconds(second) });

    private static async Task<IReadOnlyList<string>> ReadAsync(TestPipeline pipeline, string aggregate) =>
    [
        .. (await pipeline.Floor.GetRequiredService<LiveReader>().ReadAsync(pipeline.Name, aggregate, 10, Cancelled)).Windows.SelectMany(w => w.Groups.Select(g => string.Create(
            CultureInfo.InvariantCulture,
            $"{w.StartUtc:HH:mm:ss} {(w.Closed ? "closed" : "open")} [{string.Join(",", g.Key.Select(k => k.Value?.ToString() ?? "null"))}] {string.Join(" ", g.Values.Select(v => $"{v.Key}={v.Value}"))}"))),
    ];

    private static Task<IReadOnlyList<string>> ClosedAsync(TestPipeline pipeline) =>
        pipeline.QueryAsync("select strftime(window_start, '%Y-%m-%d %H:%M:%S'), country, revenue, orders, least, most, mean, weighed from gold.by_country order by all");

    private static async Task<object?> TableAsync(TestPipeline pipeline) =>
        await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, new("gold", "by_country")).ReadAsync((long?)null, Cancelled);
}
