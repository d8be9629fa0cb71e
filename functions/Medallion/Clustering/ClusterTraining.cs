using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Prediction;

namespace Pipeline.Medallion.Clustering;

/// <summary>Puts the rows of a table into clusters: features from the mart, a model in the registry, a table with each row's cluster, and one with the centroids.</summary>
internal sealed class ClusterTraining(DataMart mart, ModelRegistry registry, IEnumerable<IClusterTrainer> trainers) : ILearner
{
    /// <summary>What the table of clusters has besides the key, of a table without rows.</summary>
    public const string EmptyColumns = "0::bigint as cluster, 0::double as distance, 0::double as anomaly_score, false as anomaly";

    public const string Kind = "k-means";

    /// <summary>The question to the mart for what a model looks at.</summary>
    public static FeatureQuery FeaturesOf(string pipeline, ClusterDefinition clusters) => new() { Pipeline = pipeline, From = clusters.From.ToString(), Key = clusters.Key, Features = clusters.Features, Where = clusters.Where };

    public bool Makes(PipelineDefinition pipeline, TableKey table) => pipeline.Clusters.Any(c => c.Rows == table || c.Centroids == table);

    public async Task<Learned> LearnAsync(LearnWork work, DuckDbSession session, CancellationToken cancellationToken)
    {
        var clusters = work.Pipeline.Clusters.First(c => c.Rows == work.Step.Table || c.Centroids == work.Step.Table);
        return clusters.Rows == work.Step.Table
            ? await ClusterAsync(work, clusters, session, cancellationToken)
            : await TellAsync(work, clusters, session, cancellationToken);
    }

    private async Task<Learned> ClusterAsync(LearnWork work, ClusterDefinition clusters, DuckDbSession session, CancellationToken cancellationToken)
    {
        var last = await registry.FindAsync(work.Pipeline.Name, clusters.Name, null, cancellationToken);
        var known = last is { Clusters: not null } && work.Keeps(last, clusters.Retrain) ? last : null;
        var question = FeaturesOf(work.Pipeline.Name, clusters) with { Version = work.Versions[clusters.From], Fitted = known?.Clusters?.Fitted };
        using var features = await mart.ReadFeaturesAsync(question, cancellationToken);
        var (model, rows, labels) = known?.Clusters is { } trained
            ? Apply(known, trained, features, cancellationToken)
            : await TrainAsync(work, clusters, features, last, cancellationToken);
        session.Execute($"create table clusters ({ClusterScores.Columns})", cancellationToken);
        ClusterScores.Append(session, "clusters", model.Clusters ?? throw new InvalidOperationException("A model of clusters was trained."), (rows, labels), null, Environment.ProcessorCount, cancellationToken);
        var keys = Path.Combine(session.TempDirectory, "keys.parquet");
        features.WriteKeys(keys);
        return new Learned($"select * from read_parquet({Sql.Literal(keys)}) positional join clusters", model.Version);
    }

    private static (TrainedModel Model, FeatureMatrix Rows, Clusters Labels) Apply(TrainedModel model, TrainedClusters trained, MartFeatures features, CancellationToken cancellationToken)
    {
        var rows = features.Read((result, token) => FeatureMatrix.Read(result, trained.Model, token));
        return (model, rows, KMeansTrainer.Apply(rows, trained.Model, Environment.ProcessorCount, cancellationToken));
    }

    private async Task<(TrainedModel Model, FeatureMatrix Rows, Clusters Labels)> TrainAsync(
        LearnWork work, ClusterDefinition clusters, MartFeatures features, TrainedModel? last, CancellationToken cancellationToken)
    {
        var trainer = trainers.FirstOrDefault(t => t.Name == clusters.Trainer)
            ?? throw new Lakehouse.TerminalException($"clusters '{clusters.Name}' are to be trained by '{clusters.Trainer}', which this build does not have: it has {string.Join(", ", trainers.Select(t => t.Name))}.");
        var rows = features.Read((result, token) => FeatureMatrix.Read(result, FeatureScaling.None, token));
        var options = new KMeansOptions { K = clusters.K ?? 2, Seed = clusters.Seed, Restarts = clusters.Restarts };
        var (found, candidates) = clusters.K is null
            ? new ClusterCount(trainer).Choose(rows, new ClusterCountOptions { Training = options }, cancellationToken) is var choice ? (choice.Clusters, choice.Candidates) : default
            : (trainer.Train(rows, options, cancellationToken), []);
        var distances = KMeansTrainer.DistancesOf(rows, found, Environment.ProcessorCount, cancellationToken);
        var trained = new TrainedClusters
        {
            Columns = features.ColumnsOf(clusters.Features.Select(f => f.Column)),
            Features = clusters.Features,
            Fitted = features.Fitted,
            Model = found.Model,
            Thresholds = AnomalyThreshold.Of(found.Labels.Span, distances, found.Model.K, clusters.Anomalies),
            Candidates = candidates,
        };
        var model = await registry.AddAsync(
            version => new TrainedModel
            {
                Pipeline = work.Pipeline.Name,
                Name = clusters.Name,
                Version = version,
                RunId = work.RunId,
                Definition = work.Step.Definition,
                Card = CardOf(work, clusters, trained, rows.Rows, version),
                Clusters = trained,
            },
            last,
            cancellationToken);
        return (model, rows, found);
    }

    private static ModelCard CardOf(LearnWork work, ClusterDefinition clusters, TrainedClusters trained, int rows, long version)
    {
        var metrics = new Dictionary<string, double> { ["inertia"] = trained.Model.Inertia, ["k"] = trained.Model.K };
        if (trained.Candidates.FirstOrDefault(c => c.K == trained.Model.K) is { } chosen)
        {
            metrics["silhouette"] = chosen.Silhouette;
        }

        return new ModelCard
        {
            Name = clusters.Name,
            Version = version,
            Kind = Kind,
            TrainedUtc = work.TimeUtc,
            Data = new Dictionary<string, long> { [clusters.From.ToString()] = work.Versions[clusters.From] },
            Rows = rows,
            Features = trained.Model.Features,
            Parameters = new Dictionary<string, string>
            {
                ["k"] = clusters.K?.ToString(CultureInfo.InvariantCulture) ?? "auto",
                ["seed"] = clusters.Seed.ToString(CultureInfo.InvariantCulture),
                ["restarts"] = clusters.Restarts.ToString(CultureInfo.InvariantCulture),
                ["trainer"] = trained.Model.Trainer,
                ["anomalies"] = clusters.Anomalies.ToString(CultureInfo.InvariantCulture),
            },
            Metrics = metrics,
            Limits =
            [
                "Clusters are round and of like size on the scale of the features: other shapes are cut up.",
                $"A row is an anomaly if it is more than {clusters.Anomalies.ToString(CultureInfo.InvariantCulture)} deviations further from its centroid than its cluster's median; a cluster of fewer than {AnomalyThreshold.MinRows} rows has none.",
            ],
        };
    }

    private async Task<Learned> TellAsync(LearnWork work, ClusterDefinition clusters, DuckDbSession session, CancellationToken cancellationToken)
    {
        var version = work.Models[clusters.Rows];
        var trained = (await registry.FindAsync(work.Pipeline.Name, clusters.Name, version, cancellationToken))?.Clusters
            ?? throw new Lakehouse.TerminalException($"{clusters.Rows} was made by version {version} of model '{clusters.Name}', which is gone. Make it anew by a full refresh of {clusters.Rows}.");
        var columns = CentroidValues.Columns(trained);
        session.Execute($"create table centroids (cluster bigint, size bigint, {string.Join(", ", columns.Select(c => $"{Sql.Identifier(c)} double"))})", cancellationToken);
        using (var appender = session.Append("centroids"))
        {
            for (var cluster = 0; cluster < trained.Model.K; cluster++)
            {
                appender.Append([(long)cluster, (long)trained.Model.Sizes[cluster], .. CentroidValues.Of(trained, cluster).Cast<object?>()]);
            }

            appender.Complete();
        }

        return new Learned("select * from centroids", version);
    }
}
