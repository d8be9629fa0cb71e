using Pipeline.Medallion.Maintenance;
using Pipeline.Medallion.Scheduling;

namespace Pipeline.Medallion.Definitions;

/// <summary>A pipeline as its folder describes it: what to ingest, how to clean it, what to build from it.</summary>
public sealed record PipelineDefinition
{
    /// <summary>Lower-case letters, digits, '_' and '-'; the folder's name.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>What is ingested, in the order of the file.</summary>
    public IReadOnlyList<SourceDefinition> Sources { get; init; } = [];

    /// <summary>What is built by SQL, in ordinal order of the names.</summary>
    public IReadOnlyList<ModelDefinition> Models { get; init; } = [];

    /// <summary>What is scored by recency, frequency and monetary value; their models are among <see cref="Models"/>.</summary>
    internal IReadOnlyList<RfmModels> Rfm { get; init; } = [];

    /// <summary>Named business numbers over tables.</summary>
    public IReadOnlyList<MetricDefinition> Metrics { get; init; } = [];

    /// <summary>Numbers of its streams by windows of time.</summary>
    public IReadOnlyList<AggregateDefinition> Aggregates { get; init; } = [];

    /// <summary>The tables that databases get a copy of.</summary>
    public IReadOnlyList<ServeDefinition> Serves { get; init; } = [];

    /// <summary>Rows that are put into clusters.</summary>
    public IReadOnlyList<ClusterDefinition> Clusters { get; init; } = [];

    /// <summary>Metrics that are predicted.</summary>
    public IReadOnlyList<ForecastDefinition> Forecasts { get; init; } = [];

    /// <summary>Columns that are predicted.</summary>
    public IReadOnlyList<PredictionDefinition> Predictions { get; init; } = [];

    /// <summary>Metrics whose unusual values are told.</summary>
    public IReadOnlyList<MetricAnomalyDefinition> Anomalies { get; init; } = [];

    /// <summary>All that is learnt.</summary>
    internal IEnumerable<ILearnDefinition> Learns => [.. Clusters, .. Forecasts, .. Predictions, .. Anomalies];

    /// <summary>When it is started by itself; null: never.</summary>
    public ScheduleDefinition? Schedule { get; init; }

    /// <summary>How its tables are looked after.</summary>
    public MaintenanceDefinition Maintenance { get; init; } = new();
}

/// <summary>A line of a definition's file, 1-based.</summary>
public readonly record struct SourceLine(string File, int Number)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Number}";
}
