using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Microsoft.AspNetCore.SignalR.Client;

namespace Pipeline.App.Tests.Streaming;

/// <summary>Events from a producer through the broker, the trigger and the functions to tables, live aggregates and listeners.</summary>
public sealed class StreamTests(NorthwindApp northwind)
{
    private const string Yaml = """
        name: shop
        sources:
          sales:
            connector: eventhub
            land: every 1s
            key: [id]
            columns:
              id: {type: bigint, required: true}
              country: {type: varchar, required: true}
              amount: {type: "decimal(18,2)", required: true, min: 0}
              sold: {type: timestamp, required: true}
        aggregates:
          by_country:
            from: sales
            time: sold
            window: 1m
            lateness: 10s
            by: [country]
            values: {revenue: sum(amount), orders: count(*)}
            mode: event
        """;

    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Events_Sent_AreInTablesAndWindowsAndHeardOf()
    {
        await northwind.App.WriteAsync("pipelines", "shop/pipeline.yaml", Yaml);
        var heard = new ConcurrentQueue<JsonElement>();
        await using var connection = new HubConnectionBuilder().WithUrl(new Uri(northwind.App.Root, "live")).Build();
        connection.On<JsonElement>("live", heard.Enqueue);
        await connection.StartAsync(TestContext.Current.CancellationToken);

        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = northwind.App.BootstrapServers }).Build();
        for (var id = 0; id < 240; id++)
        {
            // Four minutes; a tenth is refused, and every twentieth comes twice.
            Sell(producer, id, id % 10 == 9 ? -1m : id / 4m, times: id % 20 == 0 ? 2 : 1);
        }

        Send(producer, 0, "no event at all"u8.ToArray());
        producer.Flush(TimeSpan.FromSeconds(20));

        await UntilAsync("select count(*) from bronze.sales", "253");
        await UntilAsync("select count(*) from silver.sales", "216");
        Assert.Equal("25", await ScalarAsync("select count(*) from rejected.sales"));
        await UntilAsync("select coalesce(max(window_end)::varchar, '') from gold.by_country", "2026-11-26 12:03:00+00");
        var comparison = (await northwind.Api.GetAsync("live/shop/by_country/comparison")).Body;
        Assert.Equal((3, 6, 6), (Number(comparison, "windows"), Number(comparison, "groups"), Number(comparison, "equal")));
        var live = (await northwind.Api.GetAsync("live/shop/by_country?windows=2")).Body.GetProperty("windows").EnumerateArray().ToList();
        Assert.Equal([true, false], live.Select(w => w.GetProperty("closed").GetBoolean()));
        await HeardAsync(heard, m => !m.GetProperty("provisional").GetBoolean() && Orders(m) == 108);
        Assert.Equal(404, (await northwind.Api.GetAsync("live/shop/by_city")).Status);
        var stream = (await northwind.Api.GetAsync("streams")).Body.EnumerateArray().Single(s => s.GetProperty("pipeline").GetString() == "shop");
        Assert.Equal((253, 0), (Number(stream, "events"), Number(stream, "versionsBehind")));
        Assert.Equal(253, stream.GetProperty("partitions").EnumerateArray().Sum(p => p.GetProperty("sequence").GetInt64() + 1));

        // A commit may come before what is to be told ahead of it: so events follow until something is.
        await HeardAsync(heard, m => m.GetProperty("provisional").GetBoolean(), id => Sell(producer, 240 + id, 1m));
    }

    private static void Sell(IProducer<string, byte[]> producer, int id, decimal amount, int times = 1)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { id, country = id % 3 == 0 ? "DE" : "CH", amount, sold = Noon.AddSeconds(id) });
        for (var time = 0; time < times; time++)
        {
            Send(producer, id, body);
        }
    }

    // Few keys, so that each partition in use has events of every minute.
    private static void Send(IProducer<string, byte[]> producer, int id, byte[] body) => producer.Produce("events", new Message<string, byte[]>
    {
        Key = (id % 4).ToString(CultureInfo.InvariantCulture),
        Value = body,
        Headers = new Headers { { "source", Encoding.UTF8.GetBytes("shop.sales") } },
    });

    private static int Orders(JsonElement message) =>
        message.GetProperty("windows").EnumerateArray().SelectMany(w => w.GetProperty("groups").EnumerateArray()).Sum(g => g.GetProperty("values").GetProperty("orders").GetInt32());

    private static int Number(JsonElement answer, string name) => answer.GetProperty(name).GetInt32();

    private static async Task HeardAsync(ConcurrentQueue<JsonElement> heard, Func<JsonElement, bool> wanted, Action<int>? again = null)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        for (var turn = 0; !heard.Any(wanted); turn++)
        {
            again?.Invoke(turn);
            Assert.False(deadline.IsCancellationRequested, $"Not heard among:{Environment.NewLine}{string.Join(Environment.NewLine, heard)}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private async Task UntilAsync(string sql, string expected)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        for (var found = await ScalarAsync(sql); found != expected; found = await ScalarAsync(sql))
        {
            Assert.False(deadline.IsCancellationRequested, $"{sql}: expected {expected}, found {found}");
            await Task.Delay(100, CancellationToken.None);
        }
    }

    private async Task<string> ScalarAsync(string sql)
    {
        var answer = await northwind.Api.PostAsync("mart/sql", new { pipeline = "shop", sql });
        return answer.Status == 200 ? answer.Body.GetProperty("rows")[0][0].ToString() : answer.Text;
    }
}
