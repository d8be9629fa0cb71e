using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Mart.Features;

/// <summary>What becomes of a column: a number, the parts of a date, or categories.</summary>
internal abstract class FeatureKind(FeatureColumn wanted, MartColumn column)
{
    public FeatureColumn Wanted => wanted;

    public MartColumn Column => column;

    /// <summary>The condition that a row has no value that could be used.</summary>
    public virtual string IsMissing => $"{column.Sql} is null";

    /// <summary>Whether a missing value has features without anything to stand for it.</summary>
    public virtual bool TakesMissing => false;

    /// <summary>Aggregates over the values as they are.</summary>
    public virtual IReadOnlyList<string> FirstPass => [];

    /// <summary>The kind that a question asks for.</summary>
    /// <exception cref="QueryException">What is asked for does not go with the column's type.</exception>
    public static FeatureKind Of(FeatureColumn wanted, MartColumn column)
    {
        string[] odd =
        [
            .. wanted is { Encode: not null } && !column.IsText ? ["encode"] : Array.Empty<string>(),
            .. wanted.Parts.Count > 0 && !column.IsDate && !column.IsTime ? ["parts"] : Array.Empty<string>(),
            .. column.IsNumber || column.Type == "BOOLEAN" ? [] : new[] { (wanted.Clip is not null, "clip"), (wanted.Log, "log"), (wanted.Scale is not null, "scale") }.Where(o => o.Item1).Select(o => o.Item2),
        ];
        if (odd.Length > 0)
        {
            throw new QueryException($"features: '{column.Name}' is {column.Kind}, and '{odd[0]}' is not for such columns.");
        }

        return column switch
        {
            { IsNumber: true } or { Type: "BOOLEAN" } => new NumberFeature(wanted, column),
            { IsText: true } when wanted.Encode is not null => new CategoryFeature(wanted, column),
            { IsText: true } => throw new QueryException($"features: '{column.Name}' is text: say with 'encode' how it becomes numbers, oneHot or hash."),
            _ when (column.IsDate || column.IsTime) && wanted.Parts.Count > 0 => new DateFeature(wanted, column),
            _ when column.IsDate || column.IsTime => throw new QueryException($"features: '{column.Name}' is {column.Kind}: say with 'parts' what is taken of it, such as [\"month\", \"dayOfWeek\"]."),
            _ => throw new QueryException($"features: '{column.Name}' is {column.Kind}, of which no features can be made."),
        };
    }

    public virtual FittedColumn AfterFirst(IReadOnlyList<double?> values, long rows) => new() { Column = column.Name };

    /// <summary>Aggregates over the values when they are imputed and clipped.</summary>
    public virtual IReadOnlyList<string> SecondPass(FittedColumn fitted) => [];

    public virtual FittedColumn AfterSecond(FittedColumn fitted, IReadOnlyList<double?> values) => fitted;

    /// <summary>A SELECT of the categories from a table with its condition; null: there are none to be found.</summary>
    public virtual string? CategorySql(string source) => null;

    /// <summary>Whether something fitted is what this column needs.</summary>
    public abstract bool Fits(FittedColumn fitted);

    /// <summary>A condition that no row may meet, and what to tell if some do; null: there is none.</summary>
    public virtual (string Condition, string Message)? Refuses(FittedColumn fitted) => null;

    /// <summary>The columns of the answer.</summary>
    public abstract IEnumerable<(string Name, string Sql)> Outputs(FittedColumn fitted);

    protected static QueryException Missing(MartColumn column) =>
        new($"features: '{column.Name}' has no value in any row: there is nothing to learn from it. Leave it out, or say with 'impute: constant' what stands for it.");
}

/// <summary>A number, or true or false as 1 or 0.</summary>
internal sealed class NumberFeature : FeatureKind
{
    private readonly double? constant;

    public NumberFeature(FeatureColumn wanted, MartColumn column)
        : base(wanted, column)
    {
        constant = wanted switch
        {
            { Impute: FeatureImpute.Constant, Value: { ValueKind: JsonValueKind.Number } value } when value.TryGetDouble(out var number) && double.IsFinite(number) => number,
            { Impute: FeatureImpute.Constant } => throw new QueryException($"features: '{column.Name}' has 'impute: constant' without a number as 'value'."),
            { Value: not null } => throw new QueryException($"features: '{column.Name}' has a 'value', which is for 'impute: constant' only."),
            _ => null,
        };
        if (wanted.Clip is { } clip && clip is not [>= 0, <= 1] || wanted.Clip is [var low, var high] && low >= high)
        {
            throw new QueryException($"features: 'clip' of '{column.Name}' is [{string.Join(", ", wanted.Clip ?? [])}]: expected two quantiles from 0 to 1, the smaller first, such as [0.01, 0.99].");
        }
    }

    public override string IsMissing => $"not coalesce(isfinite({Raw}), false)";

    public override IReadOnlyList<string> FirstPass =>
    [
        .. Wanted.Impute switch
        {
            FeatureImpute.Mean => [$"avg({Finite})"],
            FeatureImpute.Median => [$"median({Finite})"],
            _ => Array.Empty<string>(),
        },
        .. Wanted.Clip is [var low, var high] ? [$"quantile_cont({Finite}, {Text(low)})", $"quantile_cont({Finite}, {Text(high)})"] : Array.Empty<string>(),
    ];

    private string Raw => $"cast({Column.Sql} as double)";

    private string Finite => $"case when isfinite({Raw}) then {Raw} end";

    public override FittedColumn AfterFirst(IReadOnlyList<double?> values, long rows)
    {
        var isFound = Wanted.Impute is FeatureImpute.Mean or FeatureImpute.Median;
        var clip = values.Skip(isFound ? 1 : 0).ToList();
        return rows > 0 && values.Any(v => v is null)
            ? throw Missing(Column)
            : new FittedColumn { Column = Column.Name, Impute = isFound ? values[0] : constant, Lower = clip.ElementAtOrDefault(0), Upper = clip.ElementAtOrDefault(1) };
    }

    public override IReadOnlyList<string> SecondPass(FittedColumn fitted) => Wanted.Scale switch
    {
        FeatureScale.Standard => [$"avg({Value(fitted)})", $"stddev_pop({Value(fitted)})"],
        FeatureScale.MinMax => [$"min({Value(fitted)})", $"max({Value(fitted)}) - min({Value(fitted)})"],
        FeatureScale.Robust => [$"median({Value(fitted)})", $"quantile_cont({Value(fitted)}, 0.75) - quantile_cont({Value(fitted)}, 0.25)"],
        _ => [],
    };

    public override FittedColumn AfterSecond(FittedColumn fitted, IReadOnlyList<double?> values) =>
        values is [var centre, var scale] ? fitted with { Centre = centre ?? 0, Scale = scale is > 0 ? scale : 1 } : fitted;

    public override bool Fits(FittedColumn fitted) =>
        fitted.Impute is null == Wanted.Impute is null
        && fitted.Lower is null == Wanted.Clip is null
        && fitted.Upper is null == Wanted.Clip is null
        && fitted.Centre is null == Wanted.Scale is null
        && fitted.Scale is null == Wanted.Scale is null
        && fitted.Scale is null or > 0
        && fitted.Categories is null;

    public override (string Condition, string Message)? Refuses(FittedColumn fitted) => Wanted.Log
        ? ($"{Clipped(fitted)} <= -1", "with -1 or less, of which 'log', which is ln(1 + x), has no value: clip them, or leave those rows out with 'where'.")
        : null;

    public override IEnumerable<(string Name, string Sql)> Outputs(FittedColumn fitted) =>
        [(Column.Name, fitted is { Centre: { } centre, Scale: { } scale } ? $"({Value(fitted)} - {FeatureSql.Number(centre)}) / {FeatureSql.Number(scale)}" : Value(fitted))];

    private string Value(FittedColumn fitted) => Wanted.Log ? $"case when {Clipped(fitted)} > -1 then ln(1 + {Clipped(fitted)}) end" : Clipped(fitted);

    private string Clipped(FittedColumn fitted)
    {
        var value = fitted.Impute is { } impute ? $"case when coalesce(isfinite({Raw}), false) then {Raw} else {FeatureSql.Number(impute)} end" : Raw;
        return fitted is { Lower: { } lower, Upper: { } upper } ? $"least(greatest({value}, {FeatureSql.Number(lower)}), {FeatureSql.Number(upper)})" : value;
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>Parts of a date or time, a number each.</summary>
internal sealed class DateFeature : FeatureKind
{
    public DateFeature(FeatureColumn wanted, MartColumn column)
        : base(wanted, column)
    {
        if (wanted.Impute is not null || wanted.Value is not null)
        {
            throw new QueryException($"features: '{column.Name}' is {column.Kind}, for which nothing can stand: leave rows without it out with 'where'.");
        }
    }

    public override bool Fits(FittedColumn fitted) => fitted is { Impute: null, Lower: null, Upper: null, Centre: null, Scale: null, Categories: null };

    public override IEnumerable<(string Name, string Sql)> Outputs(FittedColumn fitted) => Wanted.Parts.Select(part => (
        $"{Column.Name}_{JsonNamingPolicy.SnakeCaseLower.ConvertName(part.ToString())}",
        part switch
        {
            FeaturePart.EpochDay => $"cast(datediff('day', date '1970-01-01', cast({Column.Sql} as date)) as double)",
            FeaturePart.DayOfWeek => $"cast(isodow({Column.Sql}) as double)",
            FeaturePart.Hour when Column.IsDate => "0::double",
            _ => $"cast({part.ToString().ToLowerInvariant()}({Column.Sql}) as double)",
        }));
}

/// <summary>Text whose values are categories.</summary>
internal sealed class CategoryFeature : FeatureKind
{
    private const int DefaultCategories = 50;
    private const int DefaultBuckets = 16;
    private readonly string? constant;

    public CategoryFeature(FeatureColumn wanted, MartColumn column)
        : base(wanted, column)
    {
        constant = wanted switch
        {
            { Impute: FeatureImpute.Constant, Value: { ValueKind: JsonValueKind.String } value } => value.GetString(),
            { Impute: not null } => throw new QueryException($"features: '{column.Name}' is text, for which a constant can stand: 'impute: constant' with a text as 'value'."),
            { Value: not null } => throw new QueryException($"features: '{column.Name}' has a 'value', which is for 'impute: constant' only."),
            _ => null,
        };
        var (min, max) = wanted.Encode == FeatureEncoding.OneHot ? (1, 200) : (2, 1024);
        if (wanted.Columns is { } columns && (columns < min || columns > max))
        {
            throw new QueryException($"features: 'columns' of '{column.Name}' is {columns}: {FeatureSql.Name(wanted.Encode)} has {min} to {max}.");
        }
    }

    public override bool TakesMissing => true;

    private string Value => constant is null ? Column.Sql : $"coalesce({Column.Sql}, {Sql.Literal(constant)})";

    public override string? CategorySql(string source) => Wanted.Encode == FeatureEncoding.OneHot
        ? $"select category from (select category, count(*) as n from (select {Value}::varchar as category from {source}) where category is not null group by category order by n desc, category limit {Wanted.Columns ?? DefaultCategories}) order by category"
        : null;

    public override bool Fits(FittedColumn fitted) =>
        fitted is { Impute: null, Lower: null, Upper: null, Centre: null, Scale: null } && fitted.Categories is null == (Wanted.Encode != FeatureEncoding.OneHot) && fitted.Categories is null or { Count: <= 200 };

    public override (string Condition, string Message)? Refuses(FittedColumn fitted) => Wanted is { Unknown: FeatureUnknown.Error, Encode: FeatureEncoding.OneHot }
        ? ($"{Value} is null or not list_contains({Sql.List(fitted.Categories ?? [])}, {Value}::varchar)", "with a value that has no column of its own, and 'unknown' is 'error'.")
        : null;

    public override IEnumerable<(string Name, string Sql)> Outputs(FittedColumn fitted) => Wanted.Encode == FeatureEncoding.OneHot
        ? (fitted.Categories ?? []).Select(c => ($"{Column.Name}={c}", $"case when {Value} = {Sql.Literal(c)} then 1.0::double else 0.0::double end"))
        : Enumerable.Range(0, Wanted.Columns ?? DefaultBuckets).Select(b => (
            $"{Column.Name}#{b}", $"case when md5_number({Value}::varchar) % {Wanted.Columns ?? DefaultBuckets} = {b} then 1.0::double else 0.0::double end"));
}
