using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Prediction;

namespace Pipeline.Medallion.Definitions;

/// <summary>What a pipeline declares to be learnt from a table.</summary>
internal interface ILearnDefinition
{
    /// <summary>Its name, and the first part of its tables' names.</summary>
    string Name { get; }

    /// <summary>Whether a model of that name is registered.</summary>
    bool HasModel { get; }

    /// <summary>One sentence for people.</summary>
    string? Description { get; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    SourceLine Line { get; }

    /// <summary>The tables that it makes.</summary>
    IReadOnlyList<LearnedTable> Learned { get; }
}

/// <summary>A table that is learnt.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Reads">What it is learnt from.</param>
/// <param name="Follows">The part of the definition that it follows.</param>
internal sealed record LearnedTable(TableKey Table, TableKey Reads, object Follows);

/// <summary>Rows of a table that are put into clusters by k-means.</summary>
public sealed record ClusterDefinition : ILearnDefinition
{
    /// <summary>The model's name; its tables are <c>gold.NAME_clusters</c> and <c>gold.NAME_centroids</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The table whose rows they are.</summary>
    public required TableKey From { get; init; }

    /// <summary>The columns that tell rows apart; they are in the table of clusters.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>What the model looks at.</summary>
    public IReadOnlyList<FeatureColumn> Features { get; init; } = [];

    /// <summary>Which rows they are; null: all.</summary>
    public MartFilter? Where { get; init; }

    /// <summary>How many clusters; null: as many as are told apart best.</summary>
    public int? K { get; init; }

    /// <summary>Where chance begins.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>How often it is trained from other first centroids; the best counts.</summary>
    public int Restarts { get; init; } = 4;

    /// <summary>How many deviations beyond its cluster's median a distance is an anomaly.</summary>
    public double Anomalies { get; init; } = Clustering.AnomalyThreshold.DefaultFactor;

    /// <summary>When a run trains it anew instead of applying the model there is.</summary>
    public RetrainRule Retrain { get; init; } = RetrainRule.Always;

    /// <summary>Who trains it: <c>builtin</c> or <c>mlnet</c>.</summary>
    public string Trainer { get; init; } = Clustering.KMeansTrainer.BuiltIn;

    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }

    /// <summary>The table with the cluster of each row.</summary>
    public TableKey Rows => new("gold", $"{Name}_clusters");

    /// <summary>The table with a row for each cluster.</summary>
    public TableKey Centroids => new("gold", $"{Name}_centroids");

    bool ILearnDefinition.HasModel => true;

    IReadOnlyList<LearnedTable> ILearnDefinition.Learned =>
    [
        new(Rows, From, new { From, Key, Features, K, Seed, Restarts, Anomalies, Trainer, Where }),
        new(Centroids, Rows, new { Name }),
    ];
}

/// <summary>When a model is trained anew: whenever its data moved, when it is older than an age, or only when its definition changes or a full refresh asks for it.</summary>
/// <param name="Age">How old it may be; zero: it is trained whenever its data moved. Null: it stays.</param>
public readonly record struct RetrainRule(TimeSpan? Age)
{
    /// <summary>Whenever its data moved.</summary>
    public static RetrainRule Always => new(TimeSpan.Zero);

    /// <summary>Only when its definition changes or a full refresh asks for it.</summary>
    public static RetrainRule Never => new(null);
}

/// <summary>A metric by time that is predicted by exponential smoothing.</summary>
public sealed record ForecastDefinition : ILearnDefinition
{
    /// <summary>The model's name; its table is <c>gold.NAME_forecast</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The metric.</summary>
    public required string Metric { get; init; }

    /// <summary>The table that the metric is measured on.</summary>
    public required TableKey From { get; init; }

    /// <summary>The date or time of its rows.</summary>
    public required string Time { get; init; }

    /// <summary>What the time is cut to.</summary>
    public required MartGrain Grain { get; init; }

    /// <summary>How many times are predicted.</summary>
    public int Horizon { get; init; } = 3;

    /// <summary>How many of the newest times are left out, because they are not over.</summary>
    public int Leave { get; init; }

    /// <summary>What the series is like.</summary>
    public SmoothingOptions Smoothing { get; init; } = new();

    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }

    /// <summary>The table with the predictions.</summary>
    public TableKey Table => new("gold", $"{Name}_forecast");

    bool ILearnDefinition.HasModel => true;

    IReadOnlyList<LearnedTable> ILearnDefinition.Learned => [new(Table, From, new { From, Metric, Time, Grain, Horizon, Leave, Smoothing })];

    internal SeriesQuestion Series => new($"forecast '{Name}'", From, Metric, Time, Grain, Leave);
}
