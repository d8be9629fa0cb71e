using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>A run as it is remembered and shown.</summary>
public sealed record RunRecord
{
    /// <summary>The run's id.</summary>
    public required string Id { get; init; }

    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Where it is.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset StartedUtc { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedUtc { get; init; }

    /// <summary>From its request to its end, or to now.</summary>
    public double Seconds { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }

    /// <summary>Its steps in the order of the plan; empty in a list of runs.</summary>
    public IReadOnlyList<StepRecord> Steps { get; init; } = [];

    /// <summary>The pipeline's metrics as the run left them.</summary>
    public IReadOnlyDictionary<string, decimal?> Metrics { get; init; } = new Dictionary<string, decimal?>();
}

/// <summary>A step as it is remembered and shown.</summary>
public sealed record StepRecord
{
    /// <summary>The step's name: its table.</summary>
    public required string Name { get; init; }

    /// <summary>Its place in the plan, from 0.</summary>
    public required int Order { get; init; }

    /// <summary>What kind of work it is.</summary>
    public required StepKind Kind { get; init; }

    /// <summary>Where it is.</summary>
    public required StepStatus Status { get; init; }

    /// <summary>Rows read.</summary>
    public long RowsIn { get; init; }

    /// <summary>Rows written.</summary>
    public long RowsOut { get; init; }

    /// <summary>Rows that failed a rule.</summary>
    public long RowsRejected { get; init; }

    /// <summary>The table that it makes.</summary>
    public TableKey Table => TableKey.Parse(Name);

    /// <summary>The table's version afterwards.</summary>
    public long? Version { get; init; }

    /// <summary>When its last attempt began; null where none did.</summary>
    public DateTimeOffset? StartedUtc { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedUtc { get; init; }

    /// <summary>From the beginning of its last attempt to its end.</summary>
    public double Seconds { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }

    /// <summary>What is worth knowing though the step succeeded, such as that no file was there.</summary>
    public string? Note { get; init; }

    /// <summary>Why the plan had it do something, or nothing.</summary>
    public string? Why { get; init; }
}
