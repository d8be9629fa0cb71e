namespace Pipeline.Medallion.Definitions;

/// <summary>Numbers of a stream by windows of event time, kept up as events arrive.</summary>
public sealed record AggregateDefinition
{
    /// <summary>Its name, and that of its table in gold, which has the windows that are closed.</summary>
    public required string Name { get; init; }

    /// <summary>The source whose valid events are counted; a stream.</summary>
    public required string From { get; init; }

    /// <summary>The column that tells when an event happened.</summary>
    public required string Time { get; init; }

    /// <summary>How long a window is, from 1 second to 1 day.</summary>
    public TimeSpan Size { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How far apart windows begin: their size (tumbling), or a part of it (sliding).</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long after its end, in event time, a window still takes events; up to 1 day.</summary>
    public TimeSpan Lateness { get; init; }

    /// <summary>The columns that groups are made by; empty: there is one group.</summary>
    public IReadOnlyList<string> By { get; init; } = [];

    /// <summary>What is computed of a group.</summary>
    public IReadOnlyList<AggregateValue> Values { get; init; } = [];

    /// <summary>When values are shown.</summary>
    public LiveMode Mode { get; init; }

    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }
}

/// <summary>A number of a group.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Function">How it is computed.</param>
/// <param name="Column">Of which column; null: of the rows.</param>
public sealed record AggregateValue(string Name, AggregateFunction Function, string? Column);

/// <summary>How a number of a group is computed.</summary>
public enum AggregateFunction
{
    /// <summary>Rows, or values of a column.</summary>
    Count,

    /// <summary>The sum.</summary>
    Sum,

    /// <summary>The average.</summary>
    Avg,

    /// <summary>The least.</summary>
    Min,

    /// <summary>The greatest.</summary>
    Max,
}

/// <summary>When values of live aggregates are shown.</summary>
public enum LiveMode
{
    /// <summary>When the events are committed.</summary>
    Batch,

    /// <summary>As they arrive too, marked as provisional.</summary>
    Event,
}
