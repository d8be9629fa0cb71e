using System.Text.Json.Nodes;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Mart;

namespace Pipeline.Medallion.Learning;

/// <summary>What a model says of one row.</summary>
public sealed record RowScore
{
    /// <summary>The nearest cluster, from 0.</summary>
    public required int Cluster { get; init; }

    /// <summary>The distance to its centroid, on the scale of the features.</summary>
    public required double Distance { get; init; }

    /// <summary>By how many deviations the distance is above the cluster's median; null where the cluster has no threshold.</summary>
    public double? AnomalyScore { get; init; }

    /// <summary>Whether the row is an anomaly.</summary>
    public required bool Anomaly { get; init; }
}

/// <summary>What a model says of rows.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Scores">By row, in the order of the rows.</param>
public sealed record RowScores(string Model, long Version, IReadOnlyList<RowScore> Scores);

/// <summary>Applies models to rows that are given, one request at a time.</summary>
public sealed class ModelScoring
{
    /// <summary>How many rows are scored at a time.</summary>
    public const int RowLimit = 1000;

    private readonly DataMart mart;
    private readonly ModelRegistry registry;

    internal ModelScoring(DataMart mart, ModelRegistry registry) => (this.mart, this.registry) = (mart, registry);

    /// <summary>A version of a model, or its newest.</summary>
    /// <exception cref="UnknownModelException">There is none.</exception>
    public async Task<TrainedModel> FindAsync(string pipeline, string name, long? version, CancellationToken cancellationToken) =>
        await registry.FindAsync(pipeline, name, version, cancellationToken) ?? throw new UnknownModelException(version is null
            ? $"Pipeline '{pipeline}' has no model '{name}'. GET /api/models lists those there are."
            : $"Model '{name}' of pipeline '{pipeline}' has no version {version}. GET /api/models lists the newest.");

    /// <summary>Puts rows into the clusters of a model.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="name">The model.</param>
    /// <param name="version">Its version; null: the newest.</param>
    /// <param name="rows">1 to 1,000 rows with the columns that the model looks at.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="UnknownModelException">There is no such model, or no such version of it.</exception>
    /// <exception cref="QueryException">It is no model of clusters, or a row lacks what it looks at.</exception>
    public async Task<RowScores> ScoreAsync(string pipeline, string name, long? version, IReadOnlyList<JsonObject> rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var model = await FindAsync(pipeline, name, version, cancellationToken);
        var trained = model.Clusters ?? throw new QueryException($"Model '{name}' is of the kind {model.Card.Kind}, which scores no rows: its predictions are in its table.");
        if (rows.Count is 0 or > RowLimit)
        {
            throw new QueryException($"'rows' has {rows.Count} rows: expected 1 to {RowLimit}. For more, declare clusters of a table in pipeline.yaml.");
        }

        RequireColumns(trained, rows);
        var scores = await mart.MakeFeaturesAsync(
            new JsonArray([.. rows.Select(row => new JsonObject(trained.Columns.Select(c => KeyValuePair.Create(c.Name, row[c.Name]?.DeepClone()))))]).ToJsonString(),
            trained.Columns,
            trained.Features,
            trained.Fitted,
            result =>
            {
                var matrix = FeatureMatrix.Read(result, trained.Model, cancellationToken);
                var clusters = KMeansTrainer.Apply(matrix, trained.Model, threads: 1, cancellationToken);
                var distances = KMeansTrainer.DistancesOf(matrix, clusters, threads: 1, cancellationToken);
                return clusters.Labels.ToArray().Select((label, row) => new RowScore
                {
                    Cluster = label,
                    Distance = distances[row],
                    AnomalyScore = trained.Thresholds[label].Score(distances[row]),
                    Anomaly = trained.Thresholds[label].IsAnomaly(distances[row]),
                }).ToList();
            },
            cancellationToken);
        return new RowScores(name, model.Version, scores);
    }

    // What is misspelt would be a missing value.
    private static void RequireColumns(TrainedClusters trained, IReadOnlyList<JsonObject> rows)
    {
        var names = trained.Columns.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows[row].FirstOrDefault(f => !names.Contains(f.Key)) is { Key: { } odd })
            {
                throw new QueryException($"Row {row} has '{(odd.Length > 100 ? odd[..100] : odd)}', which the model does not look at: it looks at {string.Join(", ", names)}.");
            }
        }
    }
}
