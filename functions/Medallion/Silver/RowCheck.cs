using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Silver;

/// <summary>One check of a source's typed rows, in SQL over the session's view <c>resolved</c>.</summary>
internal sealed record RowCheck
{
    /// <summary>The rule's id.</summary>
    public required string Rule { get; init; }

    /// <summary>Its column; null for a rule over the row.</summary>
    public string? Column { get; init; }

    /// <summary>What it says something about.</summary>
    public required Dimension Dimension { get; init; }

    /// <summary>True where the row fails, never null.</summary>
    public required string Fails { get; init; }

    /// <summary>Which rows it is about.</summary>
    public CheckScope Scope { get; init; } = CheckScope.Rows;

    /// <summary>True where the row is one that the rule is about, never null; null: what <see cref="Scope"/> says.</summary>
    public string? When { get; init; }

    /// <summary>The offending value as text.</summary>
    public required string Value { get; init; }

    /// <summary>Why, in words.</summary>
    public required string Reason { get; init; }

    /// <summary>What happens to the row.</summary>
    public RuleOutcome Otherwise { get; init; } = RuleOutcome.Reject;

    /// <summary>How much it counts.</summary>
    public decimal Weight { get; init; } = 1m;

    /// <summary>The share of failing rows that is tolerated.</summary>
    public decimal? AtMost { get; init; }

    /// <summary>The check as the pipeline adjusts it.</summary>
    public RowCheck With(RuleAdjustment? adjustment) => adjustment is null
        ? this
        : this with
        {
            Dimension = adjustment.Dimension ?? Dimension,
            Otherwise = adjustment.Otherwise ?? Otherwise,
            Weight = adjustment.Weight ?? Weight,
            AtMost = adjustment.AtMost,
            When = adjustment.When is { } when ? Truth(when) : null,
            Fails = adjustment.When is { } only ? $"({Truth(only)} and {Fails})" : Fails,
        };

    /// <summary>An expression of the definition as a truth that is never null.</summary>
    public static string Truth(string expression) => $"coalesce(({expression}\n)::boolean, false)";
}

/// <summary>The rows that a check is about, beside a condition of its own.</summary>
internal enum CheckScope
{
    /// <summary>All that could be read.</summary>
    Rows,

    /// <summary>Those with something in the column.</summary>
    Present,

    /// <summary>Those with a value of the column's type.</summary>
    Typed,
}
