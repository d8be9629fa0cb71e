using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Mart.Features;

/// <summary>A question for features: columns of a table as numbers that a model can learn from. What a first question found of the values is answered with it, so that further rows are made the same way.</summary>
public sealed record FeatureQuery
{
    /// <summary>The pipeline that the table belongs to.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table, such as <c>gold.customer_rfm</c>.</summary>
    public required string From { get; init; }

    /// <summary>Columns that are answered as they are, before the features: what tells rows apart.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>The features, in the order of the answer's columns.</summary>
    public required IReadOnlyList<FeatureColumn> Features { get; init; }

    /// <summary>Which rows are read; null: all.</summary>
    public MartFilter? Where { get; init; }

    /// <summary>What an earlier answer gave as <c>fitted</c>, for the same features: nothing is fitted anew. Null: it is fitted to these rows.</summary>
    public FittedFeatures? Fitted { get; init; }

    /// <summary>How many rows a page has at most; null: 1,000 as JSON, as many as may be as CSV and Parquet. What is fitted is fitted to the rows of all pages.</summary>
    public int? Limit { get; init; }

    /// <summary>Where the page begins: what the page before gave as <c>next</c>; null: at the first row.</summary>
    public string? Cursor { get; init; }

    /// <summary>The table's version; null: the newest, or that of the cursor.</summary>
    public long? Version { get; init; }

    /// <summary>The time whose version is read; null: the newest.</summary>
    public DateTimeOffset? AsOf { get; init; }
}

/// <summary>One column and what is made of it, in this order: parts of a date, or categories, or a number that is imputed, clipped, made a logarithm and scaled.</summary>
public sealed record FeatureColumn
{
    /// <summary>The column: a number, true or false, text, a date or a time.</summary>
    public required string Column { get; init; }

    /// <summary>What stands for a missing value, and for one that is not finite; null: there may be none.</summary>
    public FeatureImpute? Impute { get; init; }

    /// <summary>For <c>impute: constant</c>: the value; of a column of text its category.</summary>
    public System.Text.Json.JsonElement? Value { get; init; }

    /// <summary>Values beyond these quantiles become those quantiles: two numbers from 0 to 1, such as <c>[0.01, 0.99]</c>; null: none are clipped.</summary>
    public IReadOnlyList<double>? Clip { get; init; }

    /// <summary>ln(1 + x) takes the place of x; none may be -1 or less.</summary>
    public bool Log { get; init; }

    /// <summary>How it is scaled; null: not at all.</summary>
    public FeatureScale? Scale { get; init; }

    /// <summary>How categories become numbers; columns of text need it, no others may have it.</summary>
    public FeatureEncoding? Encode { get; init; }

    /// <summary>For <c>encode: oneHot</c>: how many categories have a column, the most frequent first; 1 to 200, 50 where nothing is said. For <c>encode: hash</c>: how many columns, 2 to 1,024, 16 where nothing is said.</summary>
    public int? Columns { get; init; }

    /// <summary>For <c>encode: oneHot</c>: what a value that has no column becomes.</summary>
    public FeatureUnknown Unknown { get; init; }

    /// <summary>For dates and times: what is taken of them, a column each; they need it, no others may have it.</summary>
    public IReadOnlyList<FeaturePart> Parts { get; init; } = [];
}

/// <summary>What stands for a missing value.</summary>
public enum FeatureImpute
{
    /// <summary>The mean of the others.</summary>
    Mean,

    /// <summary>The median of the others.</summary>
    Median,

    /// <summary>A given value.</summary>
    Constant,
}

/// <summary>How numbers are scaled. A column of one value becomes 0.</summary>
public enum FeatureScale
{
    /// <summary>To mean 0 and standard deviation 1 (of the population).</summary>
    Standard,

    /// <summary>From 0 for the smallest to 1 for the largest.</summary>
    MinMax,

    /// <summary>To median 0 and interquartile range 1.</summary>
    Robust,
}

/// <summary>How categories become numbers.</summary>
public enum FeatureEncoding
{
    /// <summary>A column for each category, 1 where the value is it and 0 elsewhere.</summary>
    OneHot,

    /// <summary>A fixed number of columns; the value's MD5 decides which of them is 1.</summary>
    Hash,
}

/// <summary>What a value without a column of its own becomes.</summary>
public enum FeatureUnknown
{
    /// <summary>0 in all columns.</summary>
    Ignore,

    /// <summary>An error.</summary>
    Error,
}

/// <summary>Parts of a date or time (UTC).</summary>
public enum FeaturePart
{
    /// <summary>The year.</summary>
    Year,

    /// <summary>1 to 4.</summary>
    Quarter,

    /// <summary>1 to 12.</summary>
    Month,

    /// <summary>The day of the month.</summary>
    Day,

    /// <summary>1 for Monday to 7 for Sunday.</summary>
    DayOfWeek,

    /// <summary>1 to 366.</summary>
    DayOfYear,

    /// <summary>0 to 23; of a date 0.</summary>
    Hour,

    /// <summary>Days since 1970-01-01.</summary>
    EpochDay,
}

/// <summary>What was found of the values that features were fitted to.</summary>
/// <param name="Columns">For each feature of the question, in its order.</param>
/// <param name="Rows">How many rows they were.</param>
public sealed record FittedFeatures(IReadOnlyList<FittedColumn> Columns, long Rows);

/// <summary>What was found of a column. A number x becomes (ln(1 + min(max(x, lower), upper)) - centre) / scale, without what is null.</summary>
public sealed record FittedColumn
{
    /// <summary>The column.</summary>
    public required string Column { get; init; }

    /// <summary>What stands for a missing value; null: none may be missing.</summary>
    public double? Impute { get; init; }

    /// <summary>The smallest value; null: values are not clipped.</summary>
    public double? Lower { get; init; }

    /// <summary>The largest value; null: values are not clipped.</summary>
    public double? Upper { get; init; }

    /// <summary>What is subtracted; null: it is not scaled.</summary>
    public double? Centre { get; init; }

    /// <summary>What it is divided by then, more than 0.</summary>
    public double? Scale { get; init; }

    /// <summary>The categories that have a column, in the order of the columns; null: it has none.</summary>
    public IReadOnlyList<string>? Categories { get; init; }
}
