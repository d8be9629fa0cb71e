using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Prediction;

namespace Pipeline.Medallion.Learning;

/// <summary>A version of a model: all that is needed to apply it and to know what it is worth. It never changes.</summary>
public sealed record TrainedModel
{
    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The model's name.</summary>
    public required string Name { get; init; }

    /// <summary>From 1, in the order of training.</summary>
    public required long Version { get; init; }

    /// <summary>The run that trained it.</summary>
    public required string RunId { get; init; }

    /// <summary>Hash of the part of the definition that it follows.</summary>
    public required string Definition { get; init; }

    /// <summary>What one must know before using it.</summary>
    public required ModelCard Card { get; init; }

    /// <summary>The clusters; null: it is a model of another kind.</summary>
    public TrainedClusters? Clusters { get; init; }

    /// <summary>The smoothed series; null: it is a model of another kind.</summary>
    public SmoothingModel? Forecast { get; init; }

    /// <summary>The regression; null: it is a model of another kind.</summary>
    public TrainedRegression? Regression { get; init; }
}

/// <summary>Clusters that rows can be put into.</summary>
public sealed record TrainedClusters
{
    /// <summary>The columns that features are made of, with their types.</summary>
    public required IReadOnlyList<DuckDbColumn> Columns { get; init; }

    /// <summary>What is made of them.</summary>
    public required IReadOnlyList<FeatureColumn> Features { get; init; }

    /// <summary>How.</summary>
    public required FittedFeatures Fitted { get; init; }

    /// <summary>The centroids.</summary>
    public required KMeansModel Model { get; init; }

    /// <summary>From which distance on a row is an anomaly, by cluster.</summary>
    public required IReadOnlyList<AnomalyThreshold> Thresholds { get; init; }

    /// <summary>How each k did; empty where k was given.</summary>
    public IReadOnlyList<CandidateK> Candidates { get; init; } = [];
}

/// <summary>A regression that predicts rows.</summary>
public sealed record TrainedRegression
{
    /// <summary>The columns that features are made of, with their types.</summary>
    public required IReadOnlyList<DuckDbColumn> Columns { get; init; }

    /// <summary>What is made of them.</summary>
    public required IReadOnlyList<FeatureColumn> Features { get; init; }

    /// <summary>How, as the oldest rows say.</summary>
    public required FittedFeatures Fitted { get; init; }

    /// <summary>The weights.</summary>
    public required RidgeModel Model { get; init; }

    /// <summary>How well each penalty predicts.</summary>
    public required IReadOnlyList<TriedLambda> CrossValidation { get; init; }

    /// <summary>Rows before this time were learnt from first.</summary>
    public required DateTime TrainedBefore { get; init; }

    /// <summary>Rows from then on before this time checked the model, and were learnt from after that.</summary>
    public required DateTime ValidatedBefore { get; init; }

    /// <summary>Rows from then on up to this time tested it.</summary>
    public required DateTime TestedTo { get; init; }
}
