using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Quality.Profiling;

/// <summary>What a table's values are like, and the rules that they would keep.</summary>
public sealed record TableProfile
{
    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table.</summary>
    public required TableKey Table { get; init; }

    /// <summary>The version that was read.</summary>
    public required long Version { get; init; }

    /// <summary>The rows of that version.</summary>
    public required long Rows { get; init; }

    /// <summary>The rows that were looked at: all, or a sample of them.</summary>
    public required long ProfiledRows { get; init; }

    /// <summary>The columns, in the order of the table.</summary>
    public required IReadOnlyList<ColumnProfile> Columns { get; init; }

    /// <summary>A contract that the rows looked at keep, as YAML: <c>key</c> and <c>columns</c> of a source.</summary>
    public required string Suggestion { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }
}

/// <summary>What a column's values are like. Numbers, dates and times are told as text, so that none loses a digit; text of more than 100 characters is cut.</summary>
public sealed record ColumnProfile
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its type in the table, as DuckDB names it.</summary>
    public required string Type { get; init; }

    /// <summary>Rows without a value.</summary>
    public required long Nulls { get; init; }

    /// <summary>Of text: values that are empty, or blanks only.</summary>
    public required long Blanks { get; init; }

    /// <summary>How many different values there are; null for nested and binary columns.</summary>
    public long? Distinct { get; init; }

    /// <summary>Whether <see cref="Distinct"/> is counted; otherwise it is an estimate (HyperLogLog), off by a few percent.</summary>
    public bool IsDistinctExact { get; init; }

    /// <summary>Of numbers, dates and times, also where they are text: the smallest.</summary>
    public string? Min { get; init; }

    /// <summary>Of numbers, dates and times, also where they are text: the largest.</summary>
    public string? Max { get; init; }

    /// <summary>Of numbers: their mean.</summary>
    public double? Average { get; init; }

    /// <summary>Of numbers, dates and times: estimates (t-digest); null where there are none.</summary>
    public QuantileValues? Quantiles { get; init; }

    /// <summary>Of text: characters of the shortest and the longest value.</summary>
    public LengthRange? Length { get; init; }

    /// <summary>Of text: the share, 0 to 1, of the values that are of a kind, such as <c>integer</c>, <c>decimal</c>, <c>date</c> or <c>email</c>; kinds that none is of are left out.</summary>
    public IReadOnlyDictionary<string, double> Matches { get; init; } = new Dictionary<string, double>();

    /// <summary>Of text: the pattern that every value matches, where all have letters and digits at the same places.</summary>
    public string? Pattern { get; init; }

    /// <summary>Up to ten values, those that occur most often first; empty where there are more than 100,000 different ones.</summary>
    public IReadOnlyList<TopValue> Top { get; init; } = [];
}

/// <summary>The values below which a share of all lies, as text.</summary>
/// <param name="P01">One percent.</param>
/// <param name="P25">A quarter.</param>
/// <param name="P50">Half.</param>
/// <param name="P75">Three quarters.</param>
/// <param name="P99">All but one percent.</param>
public sealed record QuantileValues(string P01, string P25, string P50, string P75, string P99);

/// <summary>Lengths in characters.</summary>
/// <param name="Min">The shortest.</param>
/// <param name="Max">The longest.</param>
public sealed record LengthRange(long Min, long Max);

/// <summary>A value that occurs often.</summary>
/// <param name="Value">The value as text, cut after 100 characters.</param>
/// <param name="Count">The rows that have it.</param>
/// <param name="Share">Their share of the rows with a value, 0 to 1.</param>
public sealed record TopValue(string Value, long Count, double Share);

/// <summary>What is asked of a profile.</summary>
public sealed record ProfileRequest
{
    /// <summary>The columns to look at; null: all but the technical ones.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>How many rows to look at, chosen at random; null: all.</summary>
    public long? SampleRows { get; init; }
}
