using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Streaming;
using Pipeline.Medallion.Tests.Learning;

namespace Pipeline.Medallion.Tests.Streaming;

/// <summary>Models score events in the commit that brings them to silver.</summary>
public sealed class StreamScoringTests(StreamFixture medallion)
{
    private const string Scored = StreamPipelines.Sales + "\n    score: [load]\nclusters:\n  load: {from: silver.sales, key: [id], features: {amount: {scale: robust}}, k: 2, seed: 7, retrain: never}\n";
    private const string Rows = "select id, amount, load_cluster, load_distance, load_anomaly_score, load_anomaly from silver.sales";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ingest_BeforeAndAfterTraining_HasTheScoresThatARequestGets()
    {
        using var counted = new Counts();
        var clock = new ManualClock();
        var (created, hub) = await StreamPipelines.CreateAsync(medallion, Scored, partitions: 1);
        var pipeline = created.On(medallion.Compose(clock, services => services.AddSingleton(new StreamOptions { Hub = created.Name })));
        for (var id = 0; id < 40; id++)
        {
            hub.Send(0, new { id, amount = (id % 2 * 1000) + (id * id % 17) });
        }

        await hub.DeliverAsync(pipeline.Floor, 0);
        Assert.Equal("40|0|0", await pipeline.ScalarAsync("select count(*), count(load_cluster), count(load_anomaly) from silver.sales"));
        await pipeline.SucceedAsync();
        Assert.Equal("40|0", await pipeline.ScalarAsync("select count(*), count(load_cluster) from silver.sales"));

        // The model that there was not is looked for again after 30 seconds.
        clock.Advance(TimeSpan.FromSeconds(31));
        (int Id, double Amount)[] sent = [(100, 3.5), (101, 1004), (102, 5000), (100, 3.5), (103, 400)];
        foreach (var (id, amount) in sent)
        {
            hub.Send(0, new { id, amount });
        }

        await hub.DeliverAsync(pipeline.Floor, 0, from: 40);

        var rows = await pipeline.AnswerAsync($"{Rows} where id >= 100 order by id");
        var given = rows.Rows.Select(r => new JsonObject { ["amount"] = r[1]?.DeepClone() }).ToList();
        var scores = await pipeline.Floor.GetRequiredService<ModelScoring>().ScoreAsync(pipeline.Name, "load", null, given, Cancelled);
        Assert.Equal(4, rows.Rows.Count);
        Assert.Equal(
            scores.Scores.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Cluster} {s.Distance:R} {s.AnomalyScore:R} {s.Anomaly}")),
            rows.Rows.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r[2]} {r[3]!.GetValue<double>():R} {r[4]!.GetValue<double>():R} {r[5]!.GetValue<bool>()}")));
        Assert.Equal(["102", "103"], await pipeline.QueryAsync("select id from silver.sales where load_anomaly order by id"));
        Assert.Equal("40|0", await pipeline.ScalarAsync("select count(*), count(load_cluster) from silver.sales where id < 100"));
        var told = Assert.Single(await EventsAsync(pipeline));
        Assert.Equal(($"{pipeline.Name}/silver.sales", "silver.sales", null), (told.Source, told.Subject, told.RunId));
        Assert.Equal("""{"table":"silver.sales","model":"load","version":1,"rows":4,"anomalies":2}""", new JsonObject(told.Data.Select(d => KeyValuePair.Create(d.Key, JsonNode.Parse(d.Value.GetRawText())))).ToJsonString());
        Assert.Equal((4L, 2L), (counted.Of("pipeline.score.rows", $"{pipeline.Name}.sales"), counted.Of("pipeline.score.anomalies", $"{pipeline.Name}.sales")));

        // A repeat adds nothing, whoever gets it.
        await hub.DeliverAsync(pipeline.Floor, 0, from: 30);
        await hub.DeliverAsync(created.Floor, 0);
        Assert.Equal(44, (await pipeline.QueryAsync(Rows)).Count);
        Assert.Single(await EventsAsync(pipeline));
        Assert.Equal((4L, 2L), (counted.Of("pipeline.score.rows", $"{pipeline.Name}.sales"), counted.Of("pipeline.score.anomalies", $"{pipeline.Name}.sales")));

        // A row comes to the same whatever rows are scored with it.
        var before = await pipeline.QueryAsync($"{Rows} where id >= 100 order by id");
        await pipeline.RunAsync(fullRefresh: true, "silver.sales");
        Assert.Equal(before, await pipeline.QueryAsync($"{Rows} where id >= 100 order by id"));
        Assert.Equal("44|44", await pipeline.ScalarAsync("select count(*), count(load_cluster) from silver.sales"));
    }

    [Fact]
    public async Task Ingest_EventWithoutWhatTheModelLooksAt_HasNoScoresAndFailsNothing()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, Scored.Replace("\"decimal(18,2)\", required: true, min: 0", "double", StringComparison.Ordinal), partitions: 1);
        await TestModel.RegisterAsync(pipeline.Floor, pipeline.Name, "load");
        hub.Send(0, new { id = 1, amount = 1 });
        hub.Send(0, new { id = 2 });
        hub.Send(0, "{\"id\": 3, \"amount\": \"NaN\"}");
        hub.Send(0, "{\"id\": 4, \"amount\": 1e300}");
        hub.Send(0, "{\"id\": 5, \"amount\": \"-inf\"}");
        hub.Send(0, new { id = 6, amount = 150 });

        await hub.DeliverAsync(pipeline.Floor, 0);

        Assert.Equal(
            ["1|0|1|0|false", "2|null|null|null|null", "3|null|null|null|null", "4|null|null|null|null", "5|null|null|null|null", "6|1|50|49|true"],
            await pipeline.QueryAsync("select * exclude (amount) from (" + Rows + ") order by id"));
        Assert.Equal([(2L, 1L)], (await EventsAsync(pipeline)).Select(e => (e.Data["rows"].GetInt64(), e.Data["anomalies"].GetInt64())));
    }

    // An instance may end between its commit and the event; whoever gets the events again tells.
    [Fact]
    public async Task Ingest_EventLogThatDoesNotAnswer_IsTheNextOnesToTell()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, Scored, partitions: 1);
        await TestModel.RegisterAsync(pipeline.Floor, pipeline.Name, "load");
        var nowhere = new TableClientOptions { Retry = { MaxRetries = 0 } };
        var mute = medallion.Compose(TimeProvider.System, services =>
        {
            services.AddSingleton(new StreamOptions { Hub = pipeline.Name });
            services.AddSingleton(s => new EventLog(
                new TableServiceClient(new Uri("http://127.0.0.1:9/none"), new TableSharedKeyCredential("none", "bm9uZQ=="), nowhere), TimeProvider.System, NullLogger<EventLog>.Instance));
        });
        hub.Send(0, new { id = 1, amount = 50 });

        await hub.DeliverAsync(mute, 0);
        Assert.Equal(["1|50.00|0|50|49|true"], await pipeline.QueryAsync(Rows));
        Assert.Empty(await EventsAsync(pipeline));

        await hub.DeliverAsync(pipeline.Floor, 0);
        await hub.DeliverAsync(pipeline.Floor, 0);

        Assert.Single(await EventsAsync(pipeline));
    }

    private static async Task<IReadOnlyList<PipelineEvent>> EventsAsync(TestPipeline pipeline) =>
        (await pipeline.Floor.GetRequiredService<EventLog>().ReadAsync(new EventFilter { Type = "anomaly.found", Source = pipeline.Name }, 0, 100, Cancelled)).Events;

    /// <summary>What the meter of scoring counted, of all floors.</summary>
    private sealed class Counts : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly ConcurrentDictionary<(string Counter, string Source), long> counts = new();

        public Counts()
        {
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Pipeline.Scoring")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                var source = tags.ToArray().First(t => t.Key == "source").Value as string ?? "";
                counts.AddOrUpdate((instrument.Name, source), value, (_, sum) => sum + value);
            });
            listener.Start();
        }

        public long Of(string counter, string source) => counts.GetValueOrDefault((counter, source));

        public void Dispose() => listener.Dispose();
    }
}
