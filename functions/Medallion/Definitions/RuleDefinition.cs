using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Definitions;

/// <summary>A rule over a typed row.</summary>
public sealed record RuleDefinition
{
    /// <summary>Names the rule in rejected rows.</summary>
    public required string Id { get; init; }

    /// <summary>The quality dimension it belongs to.</summary>
    public Dimension Dimension { get; init; } = Dimension.Consistency;

    /// <summary>SQL that is true for a good row; NULL counts as true.</summary>
    public required string Expect { get; init; }

    /// <summary>SQL that is true for the rows that the rule is about; null: all.</summary>
    public string? When { get; init; }

    /// <summary>What happens to a row that fails.</summary>
    public RuleOutcome Otherwise { get; init; } = RuleOutcome.Reject;

    /// <summary>How much it counts in scores; above 0.</summary>
    public decimal Weight { get; init; } = 1m;

    /// <summary>The share of the rows, from 0 to 1, that may fail; null: what <see cref="Otherwise"/> says holds from the first.</summary>
    public decimal? AtMost { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }
}

/// <summary>Two sums over the accepted rows of a batch that must agree.</summary>
public sealed record SumRuleDefinition
{
    /// <summary>Names the rule.</summary>
    public required string Id { get; init; }

    /// <inheritdoc cref="RuleDefinition.Dimension"/>
    public Dimension Dimension { get; init; } = Dimension.Consistency;

    /// <summary>SQL over a row, a number; what is none counts as 0.</summary>
    public required string Sum { get; init; }

    /// <summary>SQL over a row, whose sum must be the same.</summary>
    public required string EqualTo { get; init; }

    /// <summary>By how much they may differ; from 0 on.</summary>
    public decimal Within { get; init; }

    /// <summary><see cref="RuleOutcome.Warn"/> or <see cref="RuleOutcome.Fail"/>: no single row can be rejected for a sum.</summary>
    public RuleOutcome Otherwise { get; init; } = RuleOutcome.Warn;

    /// <inheritdoc cref="RuleDefinition.Line"/>
    public required SourceLine Line { get; init; }
}

/// <summary>What pipeline.yaml says of a rule that follows from a column's contract, such as <c>amount-range</c>; null leaves what holds without it.</summary>
public sealed record RuleAdjustment
{
    /// <summary>The rule.</summary>
    public required string Id { get; init; }

    /// <inheritdoc cref="RuleDefinition.Dimension"/>
    public Dimension? Dimension { get; init; }

    /// <inheritdoc cref="RuleDefinition.When"/>
    public string? When { get; init; }

    /// <inheritdoc cref="RuleDefinition.Otherwise"/>
    public RuleOutcome? Otherwise { get; init; }

    /// <inheritdoc cref="RuleDefinition.Weight"/>
    public decimal? Weight { get; init; }

    /// <inheritdoc cref="RuleDefinition.AtMost"/>
    public decimal? AtMost { get; init; }

    /// <inheritdoc cref="RuleDefinition.Line"/>
    public required SourceLine Line { get; init; }
}

/// <summary>What happens to a row that fails a rule.</summary>
public enum RuleOutcome
{
    /// <summary>The row goes to <c>rejected</c>.</summary>
    Reject,

    /// <summary>The row stays and is counted.</summary>
    Warn,

    /// <summary>The step fails.</summary>
    Fail,
}

/// <summary>A column of a table of the pipeline, in which a value must be found.</summary>
/// <param name="Table">A table of silver.</param>
/// <param name="Column">Its column.</param>
public sealed record ColumnReference(TableKey Table, string Column)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Table}.{Column}";
}
