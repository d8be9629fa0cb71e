using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Models.Rfm;

/// <summary>Which rows are scored by recency, frequency and monetary value, and how the scores make segments.</summary>
public sealed record RfmDefinition
{
    /// <summary>The segments of the sample <c>northwind</c>, the first that fits.</summary>
    public static IReadOnlyList<RfmSegment> DefaultSegments { get; } =
    [
        new("Champions", "recency_score >= 4 and frequency_score >= 4 and monetary_score >= 4"),
        new("Loyal customers", "frequency_score >= 4"),
        new("New or occasional", "recency_score >= 4 and frequency_score <= 2"),
        new("Big spenders at risk", "recency_score <= 2 and monetary_score >= 4"),
        new("Hibernating", "recency_score <= 2 and frequency_score <= 2"),
    ];

    /// <summary>A SELECT of the rows: one for each purchase, or for each line of one.</summary>
    public required string Query { get; init; }

    /// <summary>The column that says whose a row is.</summary>
    public required string Key { get; init; }

    /// <summary>The column of the date: DATE or TIMESTAMP.</summary>
    public required string Date { get; init; }

    /// <summary>The column of the amount: a number.</summary>
    public required string Amount { get; init; }

    /// <summary>The column that tells one purchase from another, where a purchase has many rows; null: every row is one.</summary>
    public string? Purchase { get; init; }

    /// <summary>Scores go from 1 to this; 2 to 100.</summary>
    public int Scores { get; init; } = 5;

    /// <summary>The first whose condition holds names the segment.</summary>
    public IReadOnlyList<RfmSegment> Segments { get; init; } = DefaultSegments;

    /// <summary>The segment of all others.</summary>
    public string OtherSegment { get; init; } = "Potential";

    internal void Check()
    {
        if (Scores is < 2 or > 100)
        {
            throw new TerminalException($"rfm: there are {Scores} scores, expected: 2 to 100, such as 5");
        }

        if (Segments.Select(s => s.Name).Append(OtherSegment).FirstOrDefault(string.IsNullOrWhiteSpace) is not null)
        {
            throw new TerminalException("rfm: a segment has no name, expected: a name for each");
        }
    }
}

/// <summary>A segment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="When">An expression over <c>recency_score</c>, <c>frequency_score</c>, <c>monetary_score</c>, <c>recency_days</c>, <c>frequency</c> and <c>monetary</c>.</param>
public sealed record RfmSegment(string Name, string When);
