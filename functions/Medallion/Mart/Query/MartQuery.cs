namespace Pipeline.Medallion.Mart.Query;

/// <summary>A question to the mart: rows of one table, or groups of them, at one version.</summary>
public sealed record MartQuery
{
    /// <summary>The pipeline that the table belongs to.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table, such as <c>silver.sales</c>.</summary>
    public required string From { get; init; }

    /// <summary>The columns of the answer; none: all. For questions without groups.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Which rows are read; null: all.</summary>
    public MartFilter? Where { get; init; }

    /// <summary>What makes groups; with aggregates and without this, all rows are one group.</summary>
    public IReadOnlyList<MartGroup> GroupBy { get; init; } = [];

    /// <summary>What is computed of each group.</summary>
    public IReadOnlyList<MartAggregate> Aggregates { get; init; } = [];

    /// <summary>Which groups are answered, by the names of the answer's columns; null: all.</summary>
    public MartFilter? Having { get; init; }

    /// <summary>The order of the answer; what it leaves open is decided by the other columns. Rows without any come as they lie in the table, groups by what makes them.</summary>
    public IReadOnlyList<MartOrder> OrderBy { get; init; } = [];

    /// <summary>How many rows a page has at most; null: 1,000 as JSON, as many as may be as CSV and Parquet.</summary>
    public int? Limit { get; init; }

    /// <summary>Where the page begins: what the page before gave as <c>next</c>; null: at the first row.</summary>
    public string? Cursor { get; init; }

    /// <summary>The table's version; null: the newest, or that of the cursor.</summary>
    public long? Version { get; init; }

    /// <summary>The time whose version is read; null: the newest.</summary>
    public DateTimeOffset? AsOf { get; init; }
}

/// <summary>A condition: of one column, or of further conditions. One of <c>column</c>, <c>and</c>, <c>or</c> and <c>not</c> is given.</summary>
public sealed record MartFilter
{
    /// <summary>The column that is compared.</summary>
    public string? Column { get; init; }

    /// <summary>How it is compared.</summary>
    public MartOperator? Op { get; init; }

    /// <summary>What with: text, a number, true or false; dates and times as ISO 8601; for <c>in</c> and <c>notIn</c> a list, for <c>between</c> a list of two. A null equals nothing.</summary>
    public System.Text.Json.JsonElement? Value { get; init; }

    /// <summary>All of these hold.</summary>
    public IReadOnlyList<MartFilter>? And { get; init; }

    /// <summary>One of these holds.</summary>
    public IReadOnlyList<MartFilter>? Or { get; init; }

    /// <summary>This does not hold.</summary>
    public MartFilter? Not { get; init; }
}

/// <summary>How a column is compared.</summary>
public enum MartOperator
{
    /// <summary>Equal.</summary>
    Eq,

    /// <summary>Not equal; a null is neither.</summary>
    Ne,

    /// <summary>Less.</summary>
    Lt,

    /// <summary>Less or equal.</summary>
    Le,

    /// <summary>Greater.</summary>
    Gt,

    /// <summary>Greater or equal.</summary>
    Ge,

    /// <summary>One of a list.</summary>
    In,

    /// <summary>None of a list.</summary>
    NotIn,

    /// <summary>From the first of two values to the second, both included.</summary>
    Between,

    /// <summary>Text that has the value somewhere.</summary>
    Contains,

    /// <summary>Text that begins with the value.</summary>
    StartsWith,

    /// <summary>Text that ends with the value.</summary>
    EndsWith,

    /// <summary>No value.</summary>
    IsNull,

    /// <summary>Any value.</summary>
    IsNotNull,
}

/// <summary>What makes groups: a column's values, or the day, month … that they lie in.</summary>
public sealed record MartGroup
{
    /// <summary>The column.</summary>
    public required string Column { get; init; }

    /// <summary>For a date or time: what it is cut to; null: nothing.</summary>
    public MartGrain? Grain { get; init; }

    /// <summary>The name in the answer; null: the column's.</summary>
    public string? As { get; init; }
}

/// <summary>Lengths of time. A week begins on Monday; times are in UTC.</summary>
public enum MartGrain
{
    /// <summary>Minutes, of times only.</summary>
    Minute,

    /// <summary>Hours, of times only.</summary>
    Hour,

    /// <summary>Days.</summary>
    Day,

    /// <summary>Weeks.</summary>
    Week,

    /// <summary>Months.</summary>
    Month,

    /// <summary>Quarters.</summary>
    Quarter,

    /// <summary>Years.</summary>
    Year,
}

/// <summary>What is computed of a group: a function of a column, or a metric of the pipeline over that table.</summary>
public sealed record MartAggregate
{
    /// <summary>The function; null where <see cref="Metric"/> is given.</summary>
    public MartFunction? Function { get; init; }

    /// <summary>The column; null for <c>count</c> of rows.</summary>
    public string? Column { get; init; }

    /// <summary>For <c>quantile</c>: which, from 0 to 1.</summary>
    public double? Quantile { get; init; }

    /// <summary>A metric that pipeline.yaml declares over the table.</summary>
    public string? Metric { get; init; }

    /// <summary>The name in the answer; null: <c>sum_price</c>, <c>count</c>, or the metric's.</summary>
    public string? As { get; init; }
}

/// <summary>Functions of a group. Nulls are left out.</summary>
public enum MartFunction
{
    /// <summary>How many rows, or how many values of a column.</summary>
    Count,

    /// <summary>How many different values.</summary>
    CountDistinct,

    /// <summary>The sum.</summary>
    Sum,

    /// <summary>The mean.</summary>
    Average,

    /// <summary>The smallest.</summary>
    Min,

    /// <summary>The largest.</summary>
    Max,

    /// <summary>The median.</summary>
    Median,

    /// <summary>The standard deviation of a sample.</summary>
    StandardDeviation,

    /// <summary>A quantile, interpolated.</summary>
    Quantile,
}

/// <summary>A column that orders the answer; nulls come last.</summary>
public sealed record MartOrder
{
    /// <summary>A column of the answer; without groups also another one of the table.</summary>
    public required string Column { get; init; }

    /// <summary>The largest first.</summary>
    public bool Descending { get; init; }
}
