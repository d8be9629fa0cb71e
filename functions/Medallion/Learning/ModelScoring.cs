using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;

namespace Pipeline.Medallion.Learning;

/// <summary>What a model says of one row.</summary>
public sealed record RowScore
{
    /// <summary>The nearest cluster, from 0; null: the model is none of clusters.</summary>
    public int? Cluster { get; init; }

    /// <summary>The distance to its centroid, on the scale of the features.</summary>
    public double? Distance { get; init; }

    /// <summary>By how many deviations the distance is above the cluster's median; null where the cluster has no threshold.</summary>
    public double? AnomalyScore { get; init; }

    /// <summary>Whether the row is an anomaly; null: the model is none of clusters.</summary>
    public bool? Anomaly { get; init; }

    /// <summary>What is predicted of the row, in units of the target; null: the model is no regression.</summary>
    public double? Predicted { get; init; }
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

    /// <summary>Puts rows into the clusters of a model, or predicts them.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="name">The model.</param>
    /// <param name="version">Its version; null: the newest.</param>
    /// <param name="rows">1 to 1,000 rows with the columns that the model looks at.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="UnknownModelException">There is no such model, or no such version of it.</exception>
    /// <exception cref="QueryException">It is a model that scores no rows, or a row lacks what it looks at.</exception>
    public async Task<RowScores> ScoreAsync(string pipeline, string name, long? version, IReadOnlyList<JsonObject> rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var model = await FindAsync(pipeline, name, version, cancellationToken);
        if (rows.Count is 0 or > RowLimit)
        {
            throw new QueryException($"'rows' has {rows.Count} rows: expected 1 to {RowLimit}. For more, declare clusters or predictions of a table in pipeline.yaml.");
        }

        var scores = model switch
        {
            { Clusters: { } trained } => await MakeAsync(rows, trained.Columns, trained.Features, trained.Fitted, result => Score(trained, result, cancellationToken), cancellationToken),
            { Regression: { } trained } => await MakeAsync(rows, trained.Columns, trained.Features, trained.Fitted, result => Score(trained, result), cancellationToken),
            _ => throw new QueryException($"Model '{name}' is of the kind {model.Card.Kind}, which scores no rows: its predictions are in its table."),
        };
        return new RowScores(name, model.Version, scores);
    }

    private async Task<IReadOnlyList<RowScore>> MakeAsync(
        IReadOnlyList<JsonObject> rows,
        IReadOnlyList<DuckDbColumn> columns,
        IReadOnlyList<FeatureColumn> features,
        FittedFeatures fitted,
        Func<DuckDbResult, IReadOnlyList<RowScore>> score,
        CancellationToken cancellationToken)
    {
        RequireColumns(columns, rows);
        var given = new JsonArray([.. rows.Select(row => new JsonObject(columns.Select(c => KeyValuePair.Create(c.Name, row[c.Name]?.DeepClone()))))]);
        return await mart.MakeFeaturesAsync(given.ToJsonString(), columns, features, fitted, score, cancellationToken);
    }

    private static List<RowScore> Score(TrainedClusters trained, DuckDbResult features, CancellationToken cancellationToken)
    {
        var matrix = FeatureMatrix.Read(features, trained.Model, cancellationToken);
        var clusters = KMeansTrainer.Apply(matrix, trained.Model, threads: 1, cancellationToken);
        var distances = KMeansTrainer.DistancesOf(matrix, clusters, threads: 1, cancellationToken);
        return [.. clusters.Labels.ToArray().Select((label, row) => new RowScore
        {
            Cluster = label,
            Distance = distances[row],
            AnomalyScore = trained.Thresholds[label].Score(distances[row]),
            Anomaly = trained.Thresholds[label].IsAnomaly(distances[row]),
        })];
    }

    private static List<RowScore> Score(TrainedRegression trained, DuckDbResult features) =>
        [.. features.Rows().Select(row => new RowScore { Predicted = trained.Model.Predict([.. row.Select(value => Convert.ToDouble(value, CultureInfo.InvariantCulture))]) })];

    // What is misspelt would be a missing value.
    private static void RequireColumns(IReadOnlyList<DuckDbColumn> columns, IReadOnlyList<JsonObject> rows)
    {
        var names = columns.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows[row].FirstOrDefault(f => !names.Contains(f.Key)) is { Key: { } odd })
            {
                throw new QueryException($"Row {row} has '{(odd.Length > 100 ? odd[..100] : odd)}', which the model does not look at: it looks at {string.Join(", ", names)}.");
            }
        }
    }
}
