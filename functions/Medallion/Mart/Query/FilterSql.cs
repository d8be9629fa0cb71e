using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Mart.Query;

/// <summary>Conditions as SQL: every column is one of the table's, every value a literal of its type.</summary>
internal sealed class FilterSql
{
    /// <summary>How deep conditions nest at most.</summary>
    public const int MaxDepth = 20;

    /// <summary>How many conditions there are at most.</summary>
    public const int MaxConditions = 500;

    /// <summary>How many values a list has at most.</summary>
    public const int MaxValues = 10_000;

    private static readonly string[] DateFormats = ["yyyy-MM-dd"];
    private readonly MartColumns columns;
    private readonly string use;
    private int conditions;

    private FilterSql(MartColumns columns, string use) => (this.columns, this.use) = (columns, use);

    /// <summary>The condition in parentheses.</summary>
    /// <exception cref="QueryException">It names an unknown column, compares with a value of another type, or is too large.</exception>
    public static string Of(MartFilter filter, MartColumns columns, string use) => new FilterSql(columns, use).Condition(filter, 1);

    private string Condition(MartFilter filter, int depth)
    {
        if (depth > MaxDepth || ++conditions > MaxConditions)
        {
            throw new QueryException($"'{use}' is too large: at most {MaxConditions} conditions, nested at most {MaxDepth} deep. For a list of values use 'in'.");
        }

        return filter switch
        {
            { Column: { } column, And: null, Or: null, Not: null } => Compare(columns.Find(column, use), filter),
            { Column: null, Op: null, Value: null, And: { Count: > 0 } and, Or: null, Not: null } => $"({string.Join(" and ", and.Select(f => Condition(f, depth + 1)))})",
            { Column: null, Op: null, Value: null, And: null, Or: { Count: > 0 } or, Not: null } => $"({string.Join(" or ", or.Select(f => Condition(f, depth + 1)))})",
            { Column: null, Op: null, Value: null, And: null, Or: null, Not: { } not } => $"(not {Condition(not, depth + 1)})",
            _ => throw new QueryException($"'{use}': a condition has either 'column' with 'op' and 'value', or a list 'and', or a list 'or', or 'not'. Found {Found(filter)}."),
        };
    }

    private static string Found(MartFilter filter)
    {
        string?[] given = [filter.Column is null ? null : "column", filter.Op is null ? null : "op", filter.Value is null ? null : "value", filter.And is null ? null : "and", filter.Or is null ? null : "or", filter.Not is null ? null : "not"];
        var names = given.OfType<string>().ToList();
        return names.Count == 0 ? "none of them" : string.Join(", ", names);
    }

    private string Compare(MartColumn column, MartFilter filter)
    {
        var op = filter.Op ?? throw new QueryException($"'{use}': the condition on '{column.Name}' has no 'op'. It is one of {string.Join(", ", Enum.GetNames<MartOperator>().Select(JsonNamingPolicy.CamelCase.ConvertName))}.");
        return op switch
        {
            MartOperator.IsNull or MartOperator.IsNotNull when filter.Value is { ValueKind: not JsonValueKind.Null } => throw new QueryException($"'{use}': '{column.Name}' {Name(op)} takes no value."),
            MartOperator.IsNull => $"({column.Sql} is null)",
            MartOperator.IsNotNull => $"({column.Sql} is not null)",
            MartOperator.In => $"({column.Sql} in ({string.Join(", ", Values(column, filter, op, 1, MaxValues))}))",
            MartOperator.NotIn => $"({column.Sql} not in ({string.Join(", ", Values(column, filter, op, 1, MaxValues))}))",
            MartOperator.Between => $"({column.Sql} between {string.Join(" and ", Values(column, filter, op, 2, 2))})",
            MartOperator.Contains or MartOperator.StartsWith or MartOperator.EndsWith when !column.IsText => throw new QueryException($"'{use}': '{column.Name}' is {column.Kind}, and {Name(op)} is for text."),
            MartOperator.Contains => $"contains({column.Sql}, {Single(column, filter, op)})",
            MartOperator.StartsWith => $"starts_with({column.Sql}, {Single(column, filter, op)})",
            MartOperator.EndsWith => $"ends_with({column.Sql}, {Single(column, filter, op)})",
            _ => $"({column.Sql} {Symbol(op)} {Single(column, filter, op)})",
        };
    }

    private static string Symbol(MartOperator op) => op switch
    {
        MartOperator.Eq => "=",
        MartOperator.Ne => "<>",
        MartOperator.Lt => "<",
        MartOperator.Le => "<=",
        MartOperator.Gt => ">",
        MartOperator.Ge => ">=",
        _ => throw new ArgumentOutOfRangeException(nameof(op)),
    };

    private static string Name(MartOperator op) => JsonNamingPolicy.CamelCase.ConvertName(op.ToString());

    private string Single(MartColumn column, MartFilter filter, MartOperator op) => filter.Value is { } value
        ? Literal(column, value)
        : throw new QueryException($"'{use}': '{column.Name}' {Name(op)} needs a 'value'; missing ones are found by isNull.");

    private IEnumerable<string> Values(MartColumn column, MartFilter filter, MartOperator op, int min, int max) =>
        filter.Value is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() >= min && list.GetArrayLength() <= max
            ? list.EnumerateArray().Select(value => Literal(column, value))
            : throw new QueryException($"'{use}': '{column.Name}' {Name(op)} needs as 'value' a list of {(min == max ? $"{min}" : $"{min} to {max}")} values.");

    private string Literal(MartColumn column, JsonElement value)
    {
        var literal = value.ValueKind switch
        {
            JsonValueKind.Number when column.IsNumber => Number(value.GetRawText()),
            JsonValueKind.String when column.IsText => Sql.Literal(value.GetString()),
            JsonValueKind.String when column.IsDate && DateOnly.TryParseExact(value.GetString(), DateFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) =>
                $"date '{date:yyyy-MM-dd}'",
            JsonValueKind.String when column.IsTime && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) =>
                string.Create(CultureInfo.InvariantCulture, $"{(column.Type == "TIMESTAMP WITH TIME ZONE" ? "timestamptz" : "timestamp")} '{time:yyyy-MM-dd HH:mm:ss.ffffff}'"),
            JsonValueKind.True when column.Type == "BOOLEAN" => "true",
            JsonValueKind.False when column.Type == "BOOLEAN" => "false",
            _ => null,
        };
        return literal ?? throw new QueryException($"'{use}': '{column.Name}' is {column.Kind}: expected {Expected(column)}, found {MartColumns.Echo(value.GetRawText())}.");
    }

    // JSON's numbers are SQL's; one with an exponent is a double there.
    private static string? Number(string text) => text.Length <= 60 && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? $"({text})" : null;

    private static string Expected(MartColumn column) =>
        column.IsNumber ? "a number of at most 60 characters"
        : column.IsText ? "a text"
        : column.IsDate ? "a date such as \"2013-01-31\""
        : column.IsTime ? "a time such as \"2013-01-31T08:30:00Z\""
        : column.Type == "BOOLEAN" ? "true or false"
        : "isNull or isNotNull, which are all that such values can be asked for";
}
