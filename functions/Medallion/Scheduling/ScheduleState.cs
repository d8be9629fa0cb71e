namespace Pipeline.Medallion.Scheduling;

/// <summary>What is remembered of a pipeline's schedule.</summary>
public sealed record ScheduleState
{
    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The expression and its time zone; another one begins anew.</summary>
    public required string Schedule { get; init; }

    /// <summary>Every due time up to this one is dealt with.</summary>
    public required DateTimeOffset SettledUtc { get; init; }

    /// <summary>When the schedule last started a run.</summary>
    public DateTimeOffset? StartedUtc { get; init; }

    /// <summary>The run that it started.</summary>
    public string? RunId { get; init; }

    /// <summary>When an instance set about starting a run; null: nobody is at it.</summary>
    public DateTimeOffset? StartingUtc { get; init; }

    /// <summary>The due time that the instance is at.</summary>
    public DateTimeOffset? StartingDueUtc { get; init; }

    /// <summary>The run that a due time waits for.</summary>
    public string? WaitsFor { get; init; }

    /// <summary>What the stored state is known by; changed by every write.</summary>
    internal Azure.ETag ETag { get; init; }
}
