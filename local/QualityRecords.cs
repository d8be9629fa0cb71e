namespace Pipeline.Local;

/// <summary>One table of GET /api/quality/{pipeline}?run={runId}: how good its rows were in that run.</summary>
internal sealed record TableQuality
{
    public required string Table { get; init; }

    public long Rows { get; init; }

    public QualityTiers? Tiers { get; init; }

    /// <summary>0 to 1 by dimension; null where nothing was measured.</summary>
    public IReadOnlyDictionary<string, double?> Scores { get; init; } = new Dictionary<string, double?>();

    /// <summary>Of all rows together, 0 to 1.</summary>
    public double? Score { get; init; }

    public string? Tier { get; init; }

    /// <summary>passed, warned, held or failed.</summary>
    public string? Verdict { get; init; }

    public string? Reason { get; init; }

    public IReadOnlyList<QualityCheck> Checks { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>Rows by their tier.</summary>
internal sealed record QualityTiers(long Gold, long Silver);

/// <summary>A rule, and the rows that failed it.</summary>
internal sealed record QualityCheck
{
    public required string Rule { get; init; }

    public string? Column { get; init; }

    public string? Dimension { get; init; }

    /// <summary>reject, warn or fail.</summary>
    public string? Otherwise { get; init; }

    public long Checked { get; init; }

    public long Failed { get; init; }

    public double? Share { get; init; }

    /// <summary>The share that is allowed, 0 to 1; null: there is no such limit.</summary>
    public double? AtMost { get; init; }

    public string? Verdict { get; init; }

    public IReadOnlyList<QualitySample> Samples { get; init; } = [];
}

/// <summary>A row that failed a rule.</summary>
internal sealed record QualitySample(string? File, long? Row, string? Value);
