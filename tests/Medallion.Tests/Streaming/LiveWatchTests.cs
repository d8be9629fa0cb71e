using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Streaming;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.Medallion.Tests.Streaming;

public sealed class LiveWatchTests(StreamFixture medallion)
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
              sold: {type: timestamp, required: true}
        aggregates:
          by_country: {from: sales, time: sold, window: 1h, by: [country], values: {revenue: sum(amount), orders: count(*), least: min(amount), mean: avg(amount)}, mode: event}
          moving: {from: sales, time: sold, window: 1h every 30m, values: {orders: count(*)}, mode: event}
          committed: {from: sales, time: sold, window: 1h, values: {orders: count(*)}}
        """;

    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Watch_EventsBeforeTheirCommit_AreShownAsProvisional()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, Yaml);
        Sale(hub, 0, 1, 1, "DE", "1.10");
        Sale(hub, 0, 2, 2, null, "-1");
        hub.Send(0, "no event at all");
        Sale(hub, 0, 3, 59, "CH", "2.25");
        Sale(hub, 1, 4, 61, "CH", "3");

        var first = await hub.WatchAsync(pipeline.Floor, 0);
        var second = await hub.WatchAsync(pipeline.Floor, 1);

        Assert.Equal(["by_country", "moving"], first.Select(a => a.Aggregate));
        Assert.All(first, a => Assert.True(a.Provisional));
        Assert.Equal(["12:00 [CH] revenue=2.25 orders=1 least=2.25 mean=2.25", "12:00 [DE] revenue=1.10 orders=1 least=1.10 mean=1.1"], Lines(first[0]));
        Assert.Equal(["12:00 [CH] revenue=2.25 orders=1 least=2.25 mean=2.25", "12:00 [DE] revenue=1.10 orders=1 least=1.10 mean=1.1", "13:00 [CH] revenue=3.00 orders=1 least=3.00 mean=3"], Lines(second[0]));
        Assert.Equal(["12:30 [] orders=2", "13:00 [] orders=1"], Lines(second[1]));
    }

    [Fact]
    public async Task Watch_EventsThatAreCommittedOrComeAgain_AreCountedOnce()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, Yaml);
        Sale(hub, 0, 1, 1, "DE", "1");
        Sale(hub, 0, 2, 2, "DE", "2");
        await hub.DeliverAsync(pipeline.Floor, 0);
        Sale(hub, 0, 3, 3, "DE", "4");

        Assert.Equal(["12:00 [DE] revenue=7.00 orders=3 least=1.00 mean=2.3333333333333335"], Lines((await hub.WatchAsync(pipeline.Floor, 0))[0]));
        Assert.Equal(["12:00 [DE] revenue=7.00 orders=3 least=1.00 mean=2.3333333333333335"], Lines((await hub.WatchAsync(pipeline.Floor, 0))[0]));
        Sale(hub, 0, 4, 4, "DE", "8");
        await hub.DeliverAsync(pipeline.Floor, 0);
        Sale(hub, 0, 5, 5, "DE", "16");
        IReadOnlyList<LiveAnswer> last;
        do
        {
            // Until it has seen the commit.
            last = await hub.WatchAsync(pipeline.Floor, 0);
            Assert.Contains(Lines(last[0]).Single(), (string[])["12:00 [DE] revenue=31.00 orders=5 least=1.00 mean=6.2"]);
        }
        while (last[0].Version < 1);
    }

    /// <summary>Random events in random batches: what is shown before the commit is what is committed afterwards.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Watch_RandomBatches_IsWhatTheCommitGives(int seed)
    {
        var random = new Random(seed);

        // No window closes: that one has is noticed up to a second later, and until then what comes too late for it is shown.
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, Yaml.Replace("mode: event", "lateness: 3h, mode: event", StringComparison.Ordinal), partitions: 3);
        IReadOnlyList<LiveAnswer> shown = [];
        for (var (id, round) = (0, 0); round < 12; round++)
        {
            var sent = Enumerable.Range(0, 3).Select(_ => random.Next(0, 8)).ToList();
            foreach (var partition in Enumerable.Range(0, 3).SelectMany(p => Enumerable.Repeat(p, sent[p])))
            {
                Sale(hub, partition, id++, random.Next(0, 119), random.Next(3) switch { 0 => "DE", 1 => "CH", _ => null }, (random.Next(-50, 1000) / 100m).ToString(CultureInfo.InvariantCulture));
            }

            var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(p => hub.WatchAsync(pipeline.Floor, p)));
            shown = answers.Where(a => a.Count > 0).MaxBy(a => a[0].TimeUtc) ?? shown;
            if (round % 4 == 3)
            {
                await hub.DeliverAsync(pipeline.Floor, round % 3);
            }
        }

        foreach (var partition in Enumerable.Range(0, 3))
        {
            await hub.DeliverAsync(pipeline.Floor, partition);
        }

        var reader = pipeline.Floor.GetRequiredService<LiveReader>();
        Assert.Equal(Lines(await reader.ReadAsync(pipeline.Name, "by_country", 2, Cancelled)), Lines(shown[0]));
        Assert.Equal(Lines(await reader.ReadAsync(pipeline.Name, "moving", 2, Cancelled)), Lines(shown[1]));
    }

    [Fact]
    public async Task Count_DefinitionChangesOrIsGone_LeavesNoSession()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, Yaml);
        Sale(hub, 0, 1, 1, "DE", "1");
        var (floor, sessions) = (pipeline.Floor, Path.Combine(pipeline.Floor.GetRequiredService<Engine>().Scratch, "sessions"));
        var target = (await floor.GetRequiredService<StreamRoutes>().OfAsync(pipeline.Name, anew: false, Cancelled)).First(t => t.Pipeline.Definition.Name == pipeline.Name);
        using var counter = new LiveCounter(
            t => new ProvisionalCount(t, floor.GetRequiredService<LakeTables>(), floor.GetRequiredService<Engine>(), floor.GetRequiredService<Lakehouse.Delta.TableReader>(), floor.GetRequiredService<LiveStore>(), TimeProvider.System),
            TimeProvider.System);
        var arrival = new Arrival(hub.Partition(0), hub.Log(0));

        var before = await counter.CountAsync(target, arrival, Cancelled);
        var open = Directory.GetDirectories(sessions);
        var aggregate = target.Pipeline.Definition.Aggregates[0] with { By = [] };
        var changed = target with { Pipeline = target.Pipeline with { Hash = "another", Definition = target.Pipeline.Definition with { Aggregates = [aggregate] } } };
        var after = await counter.CountAsync(changed, arrival, Cancelled);
        var reopened = Directory.GetDirectories(sessions);
        await counter.CloseAsync();

        Assert.Equal((1, 1), (open.Length, reopened.Length));
        Assert.NotEqual(open, reopened);
        Assert.Equal(["12:00 [DE] revenue=1.00 orders=1 least=1.00 mean=1"], Lines(before[0]));
        Assert.Equal(["12:00 [] revenue=1.00 orders=1 least=1.00 mean=1"], Lines(Assert.Single(after)));
        Assert.Empty(Directory.GetDirectories(sessions));
        Assert.Empty(await counter.CountAsync(changed, arrival, Cancelled));
    }

    private static void Sale(TestHub hub, int partition, int id, int minute, string? country, string amount) => hub.Send(partition, new { id, country, amount, sold = Noon.AddMinutes(minute) });

    private static List<string> Lines(LiveAnswer answer) =>
    [
        .. answer.Windows.SelectMany(w => w.Groups.Select(g => string.Create(
            CultureInfo.InvariantCulture,
            $"{w.StartUtc:HH:mm} [{string.Join(",", g.Key.Select(k => k.Value?.ToString() ?? "null"))}] {string.Join(" ", g.Values.Select(v => $"{v.Key}={v.Value}"))}"))),
    ];
}
