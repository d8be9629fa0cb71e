using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Definitions;

/// <summary>A column of a table that is predicted from others by ridge regression.</summary>
public sealed record PredictionDefinition : ILearnDefinition
{
    /// <summary>The model's name; its tables are <c>gold.NAME_predictions</c> and <c>gold.NAME_coefficients</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The table whose rows they are.</summary>
    public required TableKey From { get; init; }

    /// <summary>The columns that tell rows apart; they are in the table of predictions.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>The date or time of a row: the newest rows test what was learnt from the older ones.</summary>
    public required string Time { get; init; }

    /// <summary>The number that is predicted; where it is missing, the row is only predicted.</summary>
    public required string Target { get; init; }

    /// <summary>What the model looks at.</summary>
    public IReadOnlyList<FeatureColumn> Features { get; init; } = [];

    /// <summary>Which rows they are; null: all.</summary>
    public MartFilter? Where { get; init; }

    /// <summary>When a run trains it anew instead of applying the model there is.</summary>
    public RetrainRule Retrain { get; init; } = RetrainRule.Always;

    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }

    /// <summary>The table with the prediction of each row.</summary>
    public TableKey Rows => new("gold", $"{Name}_predictions");

    /// <summary>The table with the weight of each feature.</summary>
    public TableKey Coefficients => new("gold", $"{Name}_coefficients");

    bool ILearnDefinition.HasModel => true;

    IReadOnlyList<LearnedTable> ILearnDefinition.Learned =>
    [
        new(Rows, From, new { From, Key, Time, Target, Features, Where }),
        new(Coefficients, Rows, new { Name }),
    ];
}

/// <summary>A metric by time whose unusual values are told.</summary>
public sealed record MetricAnomalyDefinition : ILearnDefinition
{
    /// <summary>Its name; its table is <c>gold.NAME_anomalies</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The metric.</summary>
    public required string Metric { get; init; }

    /// <summary>The table that the metric is measured on.</summary>
    public required TableKey From { get; init; }

    /// <summary>The date or time of its rows.</summary>
    public required string Time { get; init; }

    /// <summary>What the time is cut to.</summary>
    public required MartGrain Grain { get; init; }

    /// <summary>How many of the newest times are left out, because they are not over.</summary>
    public int Leave { get; init; }

    /// <summary>The season, and what is unusual.</summary>
    public Prediction.SeasonalOptions Seasonal { get; init; } = new();

    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }

    /// <summary>The table with the score of each value.</summary>
    public TableKey Table => new("gold", $"{Name}_anomalies");

    bool ILearnDefinition.HasModel => false;

    IReadOnlyList<LearnedTable> ILearnDefinition.Learned => [new(Table, From, new { From, Metric, Time, Grain, Leave, Seasonal })];

    internal SeriesQuestion Series => new($"anomalies '{Name}'", From, Metric, Time, Grain, Leave);
}

/// <summary>A metric by time, as the mart is asked for it.</summary>
/// <param name="Asker">Who asks, for messages.</param>
/// <param name="From">The table that the metric is measured on.</param>
/// <param name="Metric">The metric.</param>
/// <param name="Time">The date or time of its rows.</param>
/// <param name="Grain">What the time is cut to.</param>
/// <param name="Leave">How many of the newest times are left out.</param>
internal sealed record SeriesQuestion(string Asker, TableKey From, string Metric, string Time, MartGrain Grain, int Leave);
