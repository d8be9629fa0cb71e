using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Schemas.Sources;

namespace Pipeline.Medallion.Silver;

/// <summary>The checks of a source: those that follow from its columns, and its rules.</summary>
internal sealed class SourceChecks
{
    private readonly SourceDefinition source;

    /// <summary>All checks, in the order of the definition; the first is whether a row could be read at all.</summary>
    public IReadOnlyList<RowCheck> All { get; }

    /// <summary>Makes the checks.</summary>
    /// <param name="source">The source, with its declared or detected columns.</param>
    public SourceChecks(SourceDefinition source)
    {
        this.source = source;
        var adjustments = source.Adjustments.ToDictionary(a => a.Id, StringComparer.Ordinal);
        All =
        [
            new RowCheck { Rule = Malformed, Dimension = Dimension.Schema, Fails = "_error is not null", Value = "_error", Reason = "cannot be read" },
            .. source.Evolution == SchemaEvolution.Freeze
                ? new[] { new RowCheck { Rule = UnexpectedFields, Dimension = Dimension.Schema, Fails = $"{Unexpected} is not null", Value = Unexpected, Reason = "has fields that the contract does not know" } }
                : [],
            .. source.Columns.SelectMany((c, i) => OfColumn(c, i)).Select(c => c.With(adjustments.GetValueOrDefault(c.Rule))),
            .. source.Rules.Select(OfRule),
        ];
    }

    /// <summary>The rule that a row fails which cannot be read.</summary>
    public const string Malformed = "malformed";

    /// <summary>The rule that a row fails with fields that the contract does not know.</summary>
    public const string UnexpectedFields = "unexpected-fields";

    /// <summary>Such fields as JSON, in the session's views.</summary>
    public const string Unexpected = "_unexpected";

    /// <summary>The raw value of a column in the session's views.</summary>
    public static string Raw(int column) => string.Create(CultureInfo.InvariantCulture, $"_v{column}");

    /// <summary>Whether the table of <see cref="ColumnDefinition.References"/> has the value.</summary>
    public static string Found(int column) => string.Create(CultureInfo.InvariantCulture, $"_r{column}");

    /// <summary>Whether an earlier row has the value of a <see cref="ColumnDefinition.Unique"/> column.</summary>
    public static string Taken(int column) => string.Create(CultureInfo.InvariantCulture, $"_u{column}");

    /// <summary>Whether a column must have a value.</summary>
    public static bool IsRequired(SourceDefinition source, ColumnDefinition column) => column.Required || source.Key.Contains(column.Name);

    /// <summary>SQL that is true where a column has nothing, never null. Raw text is looked at only where there is no value.</summary>
    public static string Missing(ColumnDefinition column, int index)
    {
        var name = Sql.Identifier(column.Name);
        var raw = $"(trim({Raw(index)}::varchar) = '') is not false";

        // Text that begins with a visible ASCII letter is not blank; that is cheap to see.
        return CleanSql.IsText(column.Type) ? $"case when ascii({name}) between 33 and 126 then false else {raw} end" : $"case when {name} is null then {raw} else false end";
    }

    /// <summary>SQL that is true where no check of a column rejects the row, in the form that is cheapest for a row that is good.</summary>
    /// <param name="column">The column.</param>
    /// <param name="index">Its place.</param>
    /// <param name="withUnique">Whether rows count that an earlier row of the same value rejects.</param>
    public string Holds(ColumnDefinition column, int index, bool withUnique)
    {
        var rejecting = All.Where(c => c.Column == column.Name && c.Otherwise == RuleOutcome.Reject && (withUnique || c.Rule != $"{column.Name}-unique")).ToList();
        if (rejecting.Exists(c => c.When is not null))
        {
            return string.Join(" and ", rejecting.Select(c => $"not ({c.Fails})"));
        }

        var name = Sql.Identifier(column.Name);
        var required = rejecting.Exists(c => c.Rule == $"{column.Name}-required");
        var typed = rejecting.Exists(c => c.Rule == $"{column.Name}-type");
        var bounds = rejecting.Where(c => c.Scope == CheckScope.Typed).Select(c => $"not ({c.Fails})").ToList();
        if (CleanSql.IsText(column.Type) && required)
        {
            bounds.Insert(0, $"trim({name}) <> ''");
        }

        var whenMissing = required && (typed || CleanSql.IsText(column.Type)) ? "false"
            : required ? $"not ({Missing(column, index)})"
            : typed ? $"(trim({Raw(index)}::varchar) = '') is not false"
            : "true";
        return bounds.Count == 0 && whenMissing == "true" ? "true"
            : bounds.Count == 0 && whenMissing == "false" ? $"{name} is not null"
            : $"case when {name} is null then {whenMissing} else {(bounds.Count == 0 ? "true" : string.Join(" and ", bounds))} end";
    }

    private static RowCheck OfRule(RuleDefinition rule)
    {
        var fails = $"not coalesce(({rule.Expect}\n)::boolean, true)";
        return new RowCheck
        {
            Rule = rule.Id,
            Dimension = rule.Dimension,
            When = rule.When is { } when ? RowCheck.Truth(when) : null,
            Fails = rule.When is { } only ? $"({RowCheck.Truth(only)} and {fails})" : fails,
            Value = "null",
            Reason = $"'{rule.Expect}' is not true{(rule.When is { } about ? $" though '{about}'" : "")}",
            Otherwise = rule.Otherwise,
            Weight = rule.Weight,
            AtMost = rule.AtMost,
        };
    }

    private IEnumerable<RowCheck> OfColumn(ColumnDefinition column, int index)
    {
        var (name, raw) = (Sql.Identifier(column.Name), $"{Raw(index)}::varchar");
        if (!CleanSql.IsText(column.Type) || column.Format is not null)
        {
            yield return new RowCheck
            {
                Rule = $"{column.Name}-type",
                Column = column.Name,
                Dimension = Dimension.Schema,
                Scope = CheckScope.Present,
                Fails = $"case when {name} is null then (trim({raw}) = '') is false else false end",
                Value = raw,
                Reason = $"is not a {column.Type.ToUpperInvariant()}{(column.Format is { } f ? $" written as {f}" : "")}",
            };
        }

        if (IsRequired(source, column))
        {
            yield return new RowCheck { Rule = $"{column.Name}-required", Column = column.Name, Dimension = Dimension.Completeness, Fails = Missing(column, index), Value = raw, Reason = "is missing" };
        }

        foreach (var (rule, dimension, fails, reason) in Bounds(column, index))
        {
            yield return new RowCheck
            {
                Rule = $"{column.Name}-{rule}", Column = column.Name, Dimension = dimension, Scope = CheckScope.Typed, Fails = $"coalesce({fails}, false)", Value = raw, Reason = reason,
            };
        }
    }

    // What a value that is there must fulfil.
    private static IEnumerable<(string Rule, Dimension Dimension, string Fails, string Reason)> Bounds(ColumnDefinition column, int index)
    {
        var name = Sql.Identifier(column.Name);
        var range = new[] { Bound(column.Min, "<", "at least"), Bound(column.Max, ">", "at most") }.OfType<(string Fails, string Words)>().ToList();
        if (range.Count > 0)
        {
            yield return ("range", Dimension.Accuracy, string.Join(" or ", range.Select(b => b.Fails)), $"is out of range: expected {string.Join(" and ", range.Select(b => b.Words))}");
        }

        if (column.In.Count > 0)
        {
            yield return ("in", Dimension.Accuracy, $"{name} not in ({string.Join(", ", column.In.Select(v => Cast(v, column)))})", $"is not one of {string.Join(", ", column.In)}");
        }

        if (column.Pattern is { } pattern)
        {
            yield return ("pattern", Dimension.Accuracy, $"not regexp_full_match({name}::varchar, {Sql.Literal(pattern)})", $"does not match {pattern}");
        }

        if (column.NotFuture)
        {
            yield return ("not-future", Dimension.Accuracy, $"{name} > {(column.Type == "DATE" ? "run_time()::date" : "run_time()")}", "lies after the run's time");
        }

        if (column.References is { } reference)
        {
            yield return ("references", Dimension.Consistency, $"({name} is not null and not {Found(index)})", $"is not in {reference}");
        }

        if (column.Unique)
        {
            yield return ("unique", Dimension.Consistency, Taken(index), "is not unique: an earlier row has it");
        }

        (string Fails, string Words)? Bound(string? bound, string comparison, string words) => bound is null ? null : ($"{name} {comparison} {Cast(bound, column)}", $"{words} {bound}");
    }

    private static string Cast(string value, ColumnDefinition column) => $"cast({Sql.Literal(value)} as {CleanSql.Stored(column.Type)})";
}
