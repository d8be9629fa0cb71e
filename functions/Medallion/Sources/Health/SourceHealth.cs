namespace Pipeline.Medallion.Sources.Health;

/// <summary>A source, and how it is doing.</summary>
public sealed record SourceHealth
{
    /// <summary>The pipeline.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The source.</summary>
    public required string Source { get; init; }

    /// <summary>Its connector.</summary>
    public required string Connector { get; init; }

    /// <summary>What it takes, such as <c>landing/northwind/orders*.json</c> or <c>sql/northwind/public.orders</c>.</summary>
    public required string Arrival { get; init; }

    /// <summary>The name of its connection in the app's settings; null: it needs none.</summary>
    public string? Connection { get; init; }

    /// <summary>Whether it could be reached when it was last asked; null: it has not been asked yet.</summary>
    public SourceCheck? Check { get; init; }

    /// <summary>The last run that looked at it; null: none did. A stream lands outside of runs.</summary>
    public SourceRun? LastRun { get; init; }

    /// <summary>The last commit that brought rows; null: there is none.</summary>
    public SourceLoad? LastLoad { get; init; }

    /// <summary>Rows in bronze.</summary>
    public required long Rows { get; init; }

    /// <summary>How far bronze is behind, in seconds: since the source was last looked at without a failure; of a stream, how old its newest event was when it was committed. Null: nobody has looked yet.</summary>
    public double? LagSeconds { get; init; }
}

/// <summary>An answer to the question whether a source can be reached.</summary>
public sealed record SourceCheck
{
    /// <summary>When it was asked.</summary>
    public required DateTimeOffset CheckedUtc { get; init; }

    /// <summary>Whether it answered.</summary>
    public required bool Reachable { get; init; }

    /// <summary>How long the answer took, in milliseconds.</summary>
    public required long Milliseconds { get; init; }

    /// <summary>What it answered, or why it did not.</summary>
    public required string Detail { get; init; }
}

/// <summary>A run's step that looked at a source.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Status">How the step ended.</param>
/// <param name="EndedUtc">When; null: it is at work.</param>
/// <param name="Error">Why it failed; null: it did not.</param>
public sealed record SourceRun(string RunId, Runs.StepStatus Status, DateTimeOffset? EndedUtc, string? Error);

/// <summary>A commit that brought rows of a source.</summary>
/// <param name="RunId">The run; null for a stream.</param>
/// <param name="CommittedUtc">When.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="RowsPerSecond">How many of them a second of the step's last attempt; null: that is not known any more, or it took no time.</param>
public sealed record SourceLoad(string? RunId, DateTimeOffset CommittedUtc, long Rows, double? RowsPerSecond);
