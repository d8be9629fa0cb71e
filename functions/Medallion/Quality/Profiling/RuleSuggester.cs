using System.Globalization;
using System.Text;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Quality.Profiling;

/// <summary>Writes the contract that a profiled table keeps, as YAML for <c>pipeline.yaml</c>, each line with its reason. The rows looked at keep every rule of it.</summary>
/// <param name="now">No day after it has come yet.</param>
internal sealed class RuleSuggester(DateTimeOffset now)
{
    // Fewer rows tell nothing of the values to come.
    private const int EnoughRows = 20;
    private const int MostChoices = 10;
    private const int LongestChoice = 50;
    private const double NearMiss = 0.9;

    // As far beyond the values seen as this part of their range, then outwards to two digits.
    private const double Margin = 0.1;

    // A decimal of 28 digits holds what is told of a bound.
    private const double LargestBound = 1e15;

    /// <summary>The contract, to be put below a source.</summary>
    /// <param name="from">What was looked at.</param>
    /// <param name="rows">The rows looked at.</param>
    /// <param name="isSample">Whether there are others.</param>
    /// <param name="columns">The columns.</param>
    public string Suggest(string from, long rows, bool isSample, IReadOnlyList<ProfiledColumn> columns)
    {
        var text = new StringBuilder();
        Line(text, $"# From {from}: {Number(rows)} rows{(isSample ? ", a sample of them all: others may break what these keep" : "")}.");
        var told = columns.Where(c => c.Figures.HasValues).ToList();
        var names = ColumnNames.ForTable(told.Select(c => ColumnNames.ForSilver(c.Profile.Name)));
        var key = told.Zip(names).FirstOrDefault(c => c.First.IsKey && rows >= EnoughRows).Second;
        if (key is not null)
        {
            Line(text, $"key: [{key}]  # every row has another value; of rows of one key silver keeps the latest");
        }

        if (told.Count > 0)
        {
            Line(text, "columns:");
        }

        foreach (var (column, name) in told.Zip(names))
        {
            var keys = new List<string>();
            var reasons = new List<string>();
            Describe(column, name, isKey: name == key, keys, reasons);
            foreach (var reason in reasons)
            {
                Line(text, $"  # {reason}");
            }

            Line(text, $"  {name}: {{{string.Join(", ", keys)}}}");
        }

        foreach (var column in columns.Where(c => !c.Figures.HasValues))
        {
            Line(text, $"  # {ColumnNames.ForSilver(column.Profile.Name)} is nested or binary: name what is needed of it by an expr");
        }

        return text.ToString();
    }

    private void Describe(ProfiledColumn column, string name, bool isKey, List<string> keys, List<string> reasons)
    {
        var type = TypeOf(column);
        if (name != column.Profile.Name)
        {
            keys.Add($"from: {Quoted(column.Profile.Name)}");
        }

        keys.Add($"type: {(type.Contains('(', StringComparison.Ordinal) ? Quoted(type) : type)}");
        var missing = column.Rows - column.Values;
        var isText = type == "varchar";
        if (column.Rows == 0)
        {
            reasons.Add("there are no rows that would tell more");
            return;
        }

        if (column.Figures.IsText && column.Values > 0)
        {
            reasons.Add(isText ? $"varchar: no narrower type fits all {Number(column.Values)} values" : $"{type}: 100% of {Number(column.Values)} values are one");
        }

        if (isText)
        {
            TellNearMiss(column, reasons);
        }

        if (missing == 0)
        {
            keys.Add("required: true");
        }

        reasons.Add(missing == 0 ? "required: every row has a value" : $"not required: {Share(missing, column.Rows)} of the rows have no value");
        var unique = column.IsKey && column.Rows >= EnoughRows;
        if (unique && !isKey)
        {
            keys.Add("unique: true");
            reasons.Add($"unique: {Number(column.Rows)} rows, as many values");
        }

        if (isText)
        {
            AddTextRules(column, keys, reasons);
        }
        else if (type is "date" or "timestamptz")
        {
            AddDateRules(column, keys, reasons);
        }
        else if (type != "boolean" && !unique && column.Rows >= EnoughRows)
        {
            AddRange(column, type, keys, reasons);
        }
    }

    private static string TypeOf(ProfiledColumn column)
    {
        if (!column.Figures.IsText)
        {
            return column.Figures.Column.Type == "TIMESTAMP WITH TIME ZONE" ? "timestamptz" : column.Figures.Column.Type.ToLowerInvariant();
        }

        return column.IsAll(ValueKind.Integer) ? "bigint"
            : column.IsAll(ValueKind.Decimal) ? DecimalOf(column)
            : column.IsAll(ValueKind.Number) ? "double"
            : column.IsAll(ValueKind.Boolean) ? "boolean"
            : column.IsAll(ValueKind.Date) ? "date"
            : column.IsAll(ValueKind.Timestamp) ? "timestamptz"
            : "varchar";
    }

    private static string DecimalOf(ProfiledColumn column)
    {
        var (digits, scale) = column.Digits;
        return digits + scale > 38 ? "double" : string.Create(CultureInfo.InvariantCulture, $"decimal({(digits + scale > 18 ? 38 : 18)},{scale})");
    }

    private static void TellNearMiss(ProfiledColumn column, List<string> reasons)
    {
        (ValueKind Kind, string Type)[] types =
        [
            (ValueKind.Integer, "bigint"), (ValueKind.Decimal, DecimalOf(column)), (ValueKind.Number, "double"), (ValueKind.Boolean, "boolean"), (ValueKind.Date, "date"), (ValueKind.Timestamp, "timestamptz"),
        ];
        var near = types.FirstOrDefault(t => column.Matching(t.Kind) < column.Values && column.Matching(t.Kind) >= NearMiss * column.Values);
        if (near.Kind is not null)
        {
            reasons.Add($"{Share(column.Matching(near.Kind), column.Values)} of the values are a {near.Type}: with that type, {Number(column.Values - column.Matching(near.Kind))} rows would be rejected");
        }
    }

    private static void AddTextRules(ProfiledColumn column, List<string> keys, List<string> reasons)
    {
        // A blank value is a value here, and would fail.
        if (column.Values < EnoughRows || column.Blanks > 0)
        {
            return;
        }

        var top = column.Profile.Top;
        if (column.Profile is { IsDistinctExact: true, Length.Max: <= LongestChoice } && top.Count <= MostChoices && top.Count == column.Profile.Distinct && top.Count * 10 <= column.Values
            && top.All(t => !t.Value.Contains('\0', StringComparison.Ordinal)))
        {
            keys.Add($"in: [{string.Join(", ", top.Select(t => Quoted(t.Value)))}]");
            reasons.Add($"in: {top.Count.ToString(CultureInfo.InvariantCulture)} values cover all {Number(column.Values)}; the rarest has {Share(top[^1].Count, column.Values)}");
            return;
        }

        var pattern = column.IsAll(ValueKind.UuidText) ? ValueKind.Uuid : column.IsAll(ValueKind.EmailAddress) ? ValueKind.Email : column.Profile.Pattern;
        if (pattern is not null && !column.HasPadding)
        {
            keys.Add($"pattern: {Quoted(pattern)}");
            reasons.Add($"pattern: 100% of {Number(column.Values)} values match it");
        }
    }

    private void AddDateRules(ProfiledColumn column, List<string> keys, List<string> reasons)
    {
        if (column.Rows < EnoughRows || Day(column.Profile.Min) is not { } first || Day(column.Profile.Max) is not { } last)
        {
            return;
        }

        keys.Add(string.Create(CultureInfo.InvariantCulture, $"min: \"{first:yyyy}-01-01\""));
        reasons.Add(string.Create(CultureInfo.InvariantCulture, $"min: the first is of {first:yyyy-MM-dd}; from the beginning of that year"));
        if (last < DateOnly.FromDateTime(now.UtcDateTime))
        {
            keys.Add("not_future: true");
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"not_future: the last is of {last:yyyy-MM-dd}"));
        }
    }

    // Null for infinity, and for days that only the engine knows.
    private static DateOnly? Day(string? text) =>
        text is { Length: >= 10 } && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static void AddRange(ProfiledColumn column, string type, List<string> keys, List<string> reasons)
    {
        if (!double.TryParse(column.Profile.Min, NumberStyles.Float, CultureInfo.InvariantCulture, out var min)
            || !double.TryParse(column.Profile.Max, NumberStyles.Float, CultureInfo.InvariantCulture, out var max) || !(Math.Abs(min) < LargestBound) || !(Math.Abs(max) < LargestBound))
        {
            return;
        }

        var beyond = Margin * (max > min ? max - min : Math.Max(Math.Abs(max), 1));
        var smallestUnit = type.StartsWith("decimal", StringComparison.Ordinal) || type is "double" or "float" ? 0 : 1;
        var least = min >= 0 && min - beyond < 0 ? 0 : Outwards(min - beyond, smallestUnit, Math.Floor);
        var most = max <= 0 && max + beyond > 0 ? 0 : Outwards(max + beyond, smallestUnit, Math.Ceiling);
        if (!Fits(type, least) || !Fits(type, most))
        {
            return;
        }

        keys.Add($"min: {Text(least)}");
        keys.Add($"max: {Text(most)}");
        reasons.Add($"min, max: {column.Profile.Min} to {column.Profile.Max}, and a tenth of that range beyond, rounded outwards");
    }

    // A bound is cast to the column's type.
    private static bool Fits(string type, double bound)
    {
        if (type.StartsWith("decimal(", StringComparison.Ordinal))
        {
            var parts = type["decimal(".Length..^1].Split(',');
            return Math.Abs(bound) < Math.Pow(10, int.Parse(parts[0], CultureInfo.InvariantCulture) - int.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        return type switch { "tinyint" => Math.Abs(bound) <= sbyte.MaxValue, "smallint" => Math.Abs(bound) <= short.MaxValue, "integer" => Math.Abs(bound) <= int.MaxValue, _ => true };
    }

    private static double Outwards(double value, double smallestUnit, Func<double, double> round)
    {
        if (value == 0)
        {
            return 0;
        }

        var unit = Math.Max(smallestUnit, Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 1));
        return round(value / unit) * unit;
    }

    private static string Text(double bound) => ((decimal)bound).ToString("0.##########", CultureInfo.InvariantCulture);

    private static string Share(long part, long whole) => part == 0 ? "0%" : (100.0 * part / whole).ToString("0.####", CultureInfo.InvariantCulture) + "%";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');

    // Double quotes hold anything once it is escaped.
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                < ' ' or (>= '\u007f' and <= '\u00a0') or '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}
