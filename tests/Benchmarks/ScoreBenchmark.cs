using System.Diagnostics;
using System.Globalization;
using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Local.Emulators;
using Pipeline.Medallion;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Prediction;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Streaming;
using static Pipeline.Benchmarks.Report;
using EventLog = Pipeline.Medallion.Events.EventLog;

namespace Pipeline.Benchmarks;

/// <summary>Landings of a stream, from the call to the commit of silver: without a model, and with one of three features and eight clusters that scores every row.</summary>
internal static class ScoreBenchmark
{
    private const int Clusters = 8;
    private static readonly string[] Features = ["amount", "quantity", "weight"];

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        try
        {
            await using var azurite = await Azurite.StartAsync(Path.Combine(folder, "azurite"), blobPort: null, cancellationToken);
            await using var floor = Compose(azurite.ConnectionString, folder);
            await floor.GetRequiredService<LakeTables>().CreateContainersAsync(cancellationToken);
            await floor.GetRequiredService<RunStore>().CreateAsync(cancellationToken);
            await floor.GetRequiredService<StepStore>().CreateAsync(cancellationToken);
            await floor.GetRequiredService<EventLog>().CreateAsync(cancellationToken);
            await DefineAsync(floor, "plain", "", cancellationToken);
            await DefineAsync(floor, "scored", "\n    score: [load]", cancellationToken);
            await floor.GetRequiredService<ModelRegistry>().AddAsync(_ => Train(), null, cancellationToken);
            await MeasureAsync(floor, (int)options.Rows, options.Times, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ServiceProvider Compose(string connection, string folder)
    {
        var services = new ServiceCollection();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new EngineOptions { ScratchFolder = Path.Combine(folder, "scratch") });
        services.AddSingleton<ILake>(new BlobLake(new BlobServiceClient(connection, BlobLake.Options())));
        services.AddSingleton(new TableServiceClient(connection));
        services.AddMedallion(Path.Combine(folder, "none"));
        return services.BuildServiceProvider();
    }

    private static Task DefineAsync(ServiceProvider floor, string pipeline, string score, CancellationToken cancellationToken) => floor.GetRequiredService<ILake>().WriteAsync(
        new LakePath("pipelines", $"{pipeline}/pipeline.yaml"),
        Encoding.UTF8.GetBytes($$"""
            name: {{pipeline}}
            sources:
              sales:
                connector: eventhub
                hub: {{pipeline}}
                land: every batch
                key: [id]
                columns: {id: {type: bigint, required: true}, country: {type: varchar}, amount: {type: double}, quantity: {type: bigint}, weight: {type: double} }{{score}}
            clusters: {load: {from: silver.sales, key: [id], features: {amount: {scale: standard}, quantity: {scale: standard}, weight: {scale: standard} } } }
            """),
        cancellationToken);

    private static TrainedModel Train()
    {
        var random = new Random(1);
        var matrix = FeatureMatrix.Of(Features, [.. Enumerable.Range(0, 30_000).Select(_ => random.NextSingle() * 4)]);
        var found = new KMeansTrainer().Train(matrix, new KMeansOptions { K = Clusters, Seed = 1 }, CancellationToken.None);
        var distances = KMeansTrainer.DistancesOf(matrix, found, threads: 1, CancellationToken.None);
        return new TrainedModel
        {
            Pipeline = "scored", Name = "load", Version = 1, RunId = "benchmark", Definition = "",
            Card = new ModelCard
            {
                Name = "load", Version = 1, Kind = "k-means", TrainedUtc = TimeProvider.System.GetUtcNow(), Data = new Dictionary<string, long>(), Rows = matrix.Rows, Features = Features,
                Parameters = new Dictionary<string, string>(), Metrics = new Dictionary<string, double>(),
            },
            Clusters = new TrainedClusters
            {
                Columns = [.. Features.Select(f => new DuckDbColumn(f, "DOUBLE"))],
                Features = [.. Features.Select(f => new FeatureColumn { Column = f, Scale = FeatureScale.Standard })],
                Fitted = new FittedFeatures([.. Features.Select(f => new FittedColumn { Column = f, Centre = 0, Scale = 25 })], matrix.Rows),
                Model = found.Model,
                Thresholds = AnomalyThreshold.Of(found.Labels.Span, distances, Clusters),
            },
        };
    }

    private static async Task MeasureAsync(ServiceProvider floor, int rows, int times, CancellationToken cancellationToken)
    {
        using var process = Process.GetCurrentProcess();
        var taken = new Dictionary<string, List<(TimeSpan Wall, TimeSpan Cpu)>> { ["plain"] = [], ["scored"] = [] };

        // The first of each is no measure.
        for (var time = 0; time <= times; time++)
        {
            var events = Events(time, rows);
            foreach (var (pipeline, all) in taken)
            {
                process.Refresh();
                var (before, watch) = (process.TotalProcessorTime, Stopwatch.StartNew());
                await floor.GetRequiredService<StreamIngest>().IngestAsync(new HubPartition(pipeline, "0"), events, cancellationToken);
                process.Refresh();
                all.Add((watch.Elapsed, process.TotalProcessorTime - before));
            }
        }

        var counted = await floor.GetRequiredService<SqlQuery>().RunAsync("scored", "select count(*), count(load_cluster), count(*) filter (load_anomaly) from silver.sales", cancellationToken);
        Say($"{rows:N0} events a landing, medians of {times}; in silver, scored, anomalies: {string.Join(", ", counted.Rows[0].Select(v => v?.ToString()))}");
        Say($"| | wall | CPU | events/s |");
        Say($"|---|---:|---:|---:|");
        foreach (var (pipeline, all) in taken)
        {
            var wall = Median(all.Skip(1).Select(t => t.Wall));
            Say($"| {pipeline} | {wall.TotalMilliseconds:N0} ms | {Median(all.Skip(1).Select(t => t.Cpu)).TotalMilliseconds:N0} ms | {rows / wall.TotalSeconds:N0} |");
        }
    }

    private static List<StreamEvent> Events(int batch, int rows)
    {
        var random = new Random(batch);
        return [.. Enumerable.Range(0, rows).Select(i => new StreamEvent
        {
            Sequence = ((long)batch * rows) + i,
            EnqueuedUtc = DateTimeOffset.UnixEpoch.AddMilliseconds(((long)batch * rows) + i),
            Body = Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture, $$"""{"id": {{((long)batch * rows) + i}}, "country": "{{(char)('A' + (i % 26))}}", "amount": {{random.NextDouble() * (i % 1000 == 0 ? 2000 : 100):F2}}, "quantity": {{random.Next(100)}}, "weight": {{random.NextDouble() * 100:F3}}}""")),
        })];
    }
}
