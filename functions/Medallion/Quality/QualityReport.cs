using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Quality;

/// <summary>The verdict on a batch of a source's rows: what a run read of bronze for a table of silver. Shares and scores are from 0 to 1.</summary>
public sealed record QualityReport
{
    /// <summary>The table of silver.</summary>
    public required TableKey Table { get; init; }

    /// <summary>The run.</summary>
    public required string RunId { get; init; }

    /// <summary>The run's time.</summary>
    public required DateTimeOffset AtUtc { get; init; }

    /// <summary>What the batch is of its table.</summary>
    public required BatchKind Kind { get; init; }

    /// <summary>Rows of the batch.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows that no check rejects, also if a later row of their key replaced them.</summary>
    public required long Accepted { get; init; }

    /// <summary>Accepted rows that fail a check which does not reject.</summary>
    public required long Warned { get; init; }

    /// <summary>Rejected rows.</summary>
    public required long Rejected { get; init; }

    /// <summary>Accepted rows by tier.</summary>
    public required TierCounts Tiers { get; init; }

    /// <summary>The score of each dimension; null where nothing was measured.</summary>
    public required DimensionScores Scores { get; init; }

    /// <summary>The mean of the dimensions by their weights; null where none was measured.</summary>
    public double? Score { get; init; }

    /// <summary>The batch's tier; null where there was nothing to measure.</summary>
    public Tier? Tier { get; init; }

    /// <summary>What came of it.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Why the verdict is not <see cref="Verdict.Passed"/>.</summary>
    public string? Reason { get; init; }

    /// <summary>The age of the newest row, in seconds; null where it was not measured.</summary>
    public double? AgeSeconds { get; init; }

    /// <summary>Every check.</summary>
    public required IReadOnlyList<CheckReport> Checks { get; init; }

    /// <summary>Every column.</summary>
    public required IReadOnlyList<ColumnReport> Columns { get; init; }

    /// <summary>Every partition; empty where the table has none.</summary>
    public required IReadOnlyList<PartitionReport> Partitions { get; init; }

    /// <summary>What is unusual beside the batches before.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>What came of a batch.</summary>
public enum Verdict
{
    /// <summary>It went on.</summary>
    Passed,

    /// <summary>It went on though it is worse than was asked for.</summary>
    Warned,

    /// <summary>It stays in bronze.</summary>
    Held,

    /// <summary>It failed the step.</summary>
    Failed,
}

/// <summary>Rows by tier.</summary>
public sealed record TierCounts(long Gold, long Silver);

/// <summary>A score for each dimension; null where nothing was measured.</summary>
public sealed record DimensionScores
{
    /// <inheritdoc cref="Dimension.Completeness"/>
    public double? Completeness { get; init; }

    /// <inheritdoc cref="Dimension.Accuracy"/>
    public double? Accuracy { get; init; }

    /// <inheritdoc cref="Dimension.Timeliness"/>
    public double? Timeliness { get; init; }

    /// <inheritdoc cref="Dimension.Schema"/>
    public double? Schema { get; init; }

    /// <inheritdoc cref="Dimension.Consistency"/>
    public double? Consistency { get; init; }

    /// <summary>Those that were measured.</summary>
    internal IEnumerable<(Dimension Dimension, double Score)> Measured => new[]
    {
        (Dimension.Completeness, Completeness), (Dimension.Accuracy, Accuracy), (Dimension.Timeliness, Timeliness), (Dimension.Schema, Schema), (Dimension.Consistency, Consistency),
    }.Where(s => s.Item2 is not null).Select(s => (s.Item1, s.Item2 ?? 0));
}

/// <summary>How a check came out.</summary>
public sealed record CheckReport
{
    /// <summary>The rule's id.</summary>
    public required string Rule { get; init; }

    /// <summary>Its column; null for a rule over the row.</summary>
    public string? Column { get; init; }

    /// <summary>What it says something about.</summary>
    public required Dimension Dimension { get; init; }

    /// <summary>How much it counts.</summary>
    public required decimal Weight { get; init; }

    /// <summary>What happens to a row that fails.</summary>
    public required RuleOutcome Otherwise { get; init; }

    /// <summary>The rows that it is about.</summary>
    public required long Checked { get; init; }

    /// <summary>The rows that fail.</summary>
    public required long Failed { get; init; }

    /// <summary>The failing share of those that it is about.</summary>
    public double Share => Checked == 0 ? 0 : Math.Round((double)Failed / Checked, 6);

    /// <summary>The share that is tolerated.</summary>
    public decimal? AtMost { get; init; }

    /// <summary>Passed: nothing failed. Tolerated: not more than may. Failed: more.</summary>
    public CheckVerdict Verdict => Failed == 0 ? CheckVerdict.Passed : !IsExceeded ? CheckVerdict.Tolerated : CheckVerdict.Failed;

    /// <summary>The first failing rows.</summary>
    public IReadOnlyList<FailedSample> Samples { get; init; } = [];

    /// <summary>Whether more rows fail than the rule tolerates.</summary>
    internal bool IsExceeded => AtMost is { } share ? Failed > share * Checked : Failed > 0;
}

/// <summary>How a check came out.</summary>
public enum CheckVerdict
{
    /// <summary>No row fails.</summary>
    Passed,

    /// <summary>Not more rows fail than the rule tolerates.</summary>
    Tolerated,

    /// <summary>More fail.</summary>
    Failed,
}

/// <summary>How a column came out.</summary>
public sealed record ColumnReport
{
    /// <summary>The column.</summary>
    public required string Column { get; init; }

    /// <summary>Rows that could be read.</summary>
    public required long Rows { get; init; }

    /// <summary>Those with nothing in the column.</summary>
    public required long Missing { get; init; }

    /// <summary>The share with something in it.</summary>
    public double? Completeness { get; init; }

    /// <summary>The score of its checks of accuracy.</summary>
    public double? Accuracy { get; init; }

    /// <summary>The share of what is there that has the column's type.</summary>
    public double? Schema { get; init; }

    /// <summary>The score of its checks of consistency.</summary>
    public double? Consistency { get; init; }
}

/// <summary>How a partition came out.</summary>
public sealed record PartitionReport
{
    /// <summary>Such as <c>year=2013/month=5</c>.</summary>
    public required string Partition { get; init; }

    /// <summary>Its rows.</summary>
    public required long Rows { get; init; }

    /// <summary>Its rejected rows.</summary>
    public required long Rejected { get; init; }

    /// <summary>Its scores; timeliness is the table's where it goes by age.</summary>
    public required DimensionScores Scores { get; init; }

    /// <summary>The mean of them.</summary>
    public double? Score { get; init; }

    /// <summary>Its tier.</summary>
    public Tier? Tier { get; init; }
}
