using System.Globalization;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Quality.Profiling;

/// <summary>The aggregates of one column, and how its part of their row is read. All columns are measured in one pass.</summary>
internal sealed class ColumnFigures
{
    private const string Quantiles = "[0.01, 0.25, 0.5, 0.75, 0.99]";

    // Letters and digits by their kind: values of one shape are told by one pattern.
    private const string Shaped = "BCDEFGHIJKLMNOPQRSTUVWXYZbcdefghijklmnopqrstuvwxyz123456789";
    private static readonly string Shape = new string('A', 25) + new string('a', 25) + new string('0', 9);
    private static readonly HashSet<string> Numbers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE"];
    private readonly List<(string Name, string Sql)> aggregates = [];

    public ColumnFigures(DuckDbColumn column)
    {
        Column = column;
        var name = Sql.Identifier(column.Name);
        Add("count", $"count({name})");
        IsText = column.Type == "VARCHAR";
        IsNumber = Numbers.Contains(column.Type) || column.Type.StartsWith("DECIMAL", StringComparison.Ordinal);
        IsTemporal = column.Type is "DATE" or "TIMESTAMP WITH TIME ZONE";
        HasValues = IsText || IsNumber || IsTemporal || column.Type == "BOOLEAN";
        if (HasValues)
        {
            Add("distinct", $"approx_count_distinct({name})");
        }

        if (IsText)
        {
            AddText(name);
        }
        else if (IsNumber)
        {
            AddRange("number", name, $"case when isfinite({name}::double) then {name}::double end", "true");
        }
        else if (IsTemporal)
        {
            AddRange("time", name, $"case when isfinite({name}) then epoch({name}) end", "true");
        }
    }

    public DuckDbColumn Column { get; }

    public bool IsText { get; }

    public bool IsNumber { get; }

    public bool IsTemporal { get; }

    /// <summary>Whether its values are compared and counted: not those of nested and binary columns.</summary>
    public bool HasValues { get; }

    /// <summary>The aggregates, for a SELECT list.</summary>
    public IEnumerable<string> Sqls => aggregates.Select(a => a.Sql);

    public int Count => aggregates.Count;

    /// <summary>The column's part of the row.</summary>
    public IReadOnlyDictionary<string, object?> Read(IEnumerable<object?> values) => aggregates.Zip(values).ToDictionary(a => a.First.Name, a => a.Second);

    /// <summary>A pattern for the texts of one shape, such as <c>[A-Z]{5}</c>; null where it would say nothing.</summary>
    public static string? PatternOf(string? least, string? greatest)
    {
        if (least is not { Length: > 0 and <= 40 } || least != greatest || !least.Any(c => c is 'A' or 'a' or '0') || least.Any(char.IsControl))
        {
            return null;
        }

        var parts = new List<string>();
        for (var start = 0; start < least.Length;)
        {
            var end = start;
            while (end < least.Length && least[end] == least[start])
            {
                end++;
            }

            var one = least[start] switch { 'A' => "[A-Z]", 'a' => "[a-z]", '0' => "[0-9]", var c => @".\+*?()|[]{}^$".Contains(c, StringComparison.Ordinal) ? $@"\{c}" : $"{c}" };
            parts.Add(end - start == 1 ? one : string.Create(CultureInfo.InvariantCulture, $"{one}{{{end - start}}}"));
            start = end;
        }

        return string.Concat(parts);
    }

    private void AddText(string name)
    {
        var text = $"trim({name})";
        Add("blanks", $"count(*) filter ({text} = '')");
        Add("padded", $"count(*) filter ({text} <> {name})");
        Add("shortest", $"min(length({name}))");
        Add("longest", $"max(length({name}))");
        foreach (var kind in ValueKind.All)
        {
            Add(kind.Name, $"count(*) filter ({kind.Of(text)})");
        }

        var shape = $"case when length({text}) <= 40 then translate({name}, '{Shaped}', '{Shape}') else {name} end";
        Add("leastShape", $"left(min({shape}) filter ({text} <> ''), 41)");
        Add("greatestShape", $"left(max({shape}) filter ({text} <> ''), 41)");
        Add("digits", $"max(length(regexp_extract({text}, '^-?([0-9]+)', 1))) filter ({ValueKind.Decimal.Of(text)})");
        Add("scale", $"max(length(regexp_extract({text}, '\\.([0-9]+)$', 1))) filter ({ValueKind.Decimal.Of(text)})");
        AddRange("number", $"try_cast({text} as double)", $"try_cast({text} as double)", ValueKind.Number.Of(text));
        AddRange("time", $"try_cast({text} as timestamptz)", $"epoch(try_cast({text} as timestamptz))", $"({ValueKind.Date.Of(text)}) or ({ValueKind.Timestamp.Of(text)})");
    }

    private void AddRange(string prefix, string value, string number, string filter)
    {
        Add($"{prefix}Min", $"cast(min({value}) filter ({filter}) as varchar)");
        Add($"{prefix}Max", $"cast(max({value}) filter ({filter}) as varchar)");
        Add($"{prefix}Average", $"avg({number}) filter ({filter})");
        Add($"{prefix}Quantiles", $"approx_quantile({number}, {Quantiles}) filter ({filter})");
    }

    private void Add(string name, string sql) => aggregates.Add((name, sql));
}
