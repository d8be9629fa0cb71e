using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Prediction;

namespace Pipeline.Medallion.Tests.Learning;

/// <summary>A model that nobody trained: two clusters of one number, at 0 and at 100, each with a median of 1 and a threshold of 4.5.</summary>
internal static class TestModel
{
    public static async Task<TrainedModel> RegisterAsync(IServiceProvider floor, string pipeline, string name, string column = "amount", bool log = false, double factor = 1)
    {
        var registry = floor.GetRequiredService<ModelRegistry>();
        var last = await registry.FindAsync(pipeline, name, null, TestContext.Current.CancellationToken);
        return await registry.AddAsync(version => Of(pipeline, name, version, column, log, factor), last, TestContext.Current.CancellationToken);
    }

    private static TrainedModel Of(string pipeline, string name, long version, string column, bool log, double factor) => new()
    {
        Pipeline = pipeline,
        Name = name,
        Version = version,
        RunId = "test",
        Definition = "",
        Card = new ModelCard
        {
            Name = name, Version = version, Kind = "k-means", TrainedUtc = DateTimeOffset.UnixEpoch, Data = new Dictionary<string, long>(), Rows = 20, Features = [column],
            Parameters = new Dictionary<string, string>(), Metrics = new Dictionary<string, double>(), Limits = [],
        },
        Clusters = new TrainedClusters
        {
            Columns = [new DuckDbColumn(column, "DOUBLE")],
            Features = [new FeatureColumn { Column = column, Log = log }],
            Fitted = new FittedFeatures([new FittedColumn { Column = column }], 20),
            Model = new KMeansModel { Trainer = "builtin", Features = [column], Scales = [1], Centroids = [[0], [100 * factor]], Sizes = [10, 10], Inertia = 1, Seed = 1 },
            Thresholds = [.. Enumerable.Range(0, 2).Select(cluster => new AnomalyThreshold { Cluster = cluster, Rows = 10, Median = 1, Deviation = 1, Threshold = 4.5 })],
        },
    };
}
