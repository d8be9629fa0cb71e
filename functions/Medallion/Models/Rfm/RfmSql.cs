using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Models.Rfm;

/// <summary>Scoring by recency, frequency and monetary value as one SELECT.</summary>
public static class RfmSql
{
    // What a segment's condition may name.
    private static readonly IReadOnlyList<(string Name, string Type)> Known =
    [
        ("recency_score", "bigint"), ("frequency_score", "bigint"), ("monetary_score", "bigint"), ("recency_days", "bigint"), ("frequency", "bigint"), ("monetary", "double"),
    ];

    /// <summary>A SELECT with a row for each key that is not NULL: the key, <c>last_date</c>, <c>recency_days</c> (to the last day of all rows, so that a result does not change with the calendar), <c>frequency</c>, <c>monetary</c>,
    /// the three scores, of which the highest is the best, and <c>segment</c>; ordered by the key.</summary>
    /// <remarks>Scores divide the keys into equally large parts (<c>ntile</c>); keys that are equally good are told apart by the key itself, so that a repeat gives the same.</remarks>
    /// <param name="definition">What is scored.</param>
    /// <param name="session">Looks at the segments' conditions; nothing is read.</param>
    /// <exception cref="TerminalException">An option is out of its range, or a condition is no yes or no over the known columns; the message says which.</exception>
    public static string Of(RfmDefinition definition, DuckDbSession session)
    {
        Check(definition, session);
        return Of(definition);
    }

    /// <summary>Looks at the options and at the segments' conditions.</summary>
    /// <inheritdoc cref="Of(RfmDefinition, DuckDbSession)" path="/exception"/>
    internal static void Check(RfmDefinition definition, DuckDbSession session)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(session);
        definition.Check();
        foreach (var segment in definition.Segments)
        {
            CheckCondition(segment, session);
        }
    }

    /// <summary>The SELECT of a definition that was, or will be, checked.</summary>
    internal static string Of(RfmDefinition definition)
    {
        var (key, date, amount) = (Sql.Identifier(definition.Key), Sql.Identifier(definition.Date), Sql.Identifier(definition.Amount));
        var frequency = definition.Purchase is { } purchase ? $"count(distinct {Sql.Identifier(purchase)})" : "count(*)";
        var segments = definition.Segments.Count == 0
            ? Sql.Literal(definition.OtherSegment)
            : $"case {string.Join(' ', definition.Segments.Select(s => $"when ({s.When}\n) then {Sql.Literal(s.Name)}"))} else {Sql.Literal(definition.OtherSegment)} end";
        return $"""
            with per_key as (
                select {key}, max({date}::date) as last_date, {frequency} as frequency, sum({amount}) as monetary
                from ({definition.Query}
                ) where {key} is not null and {date} is not null group by {key}
            ),
            scored as (
                select *, (max(last_date) over () - last_date)::bigint as recency_days,
                    {definition.Scores + 1} - ntile({definition.Scores}) over (order by last_date desc, {key}) as recency_score,
                    ntile({definition.Scores}) over (order by frequency, {key}) as frequency_score,
                    ntile({definition.Scores}) over (order by monetary nulls first, {key}) as monetary_score
                from per_key
            )
            select {key}, last_date, recency_days, frequency, monetary, recency_score, frequency_score, monetary_score, {segments} as segment
            from scored order by {key}
            """;
    }

    private static void CheckCondition(RfmSegment segment, DuckDbSession session)
    {
        try
        {
            var condition = ScalarExpression.Parse(session, segment.When).Sql;
            var columns = string.Join(", ", Known.Select(c => $"null::{c.Type} as {c.Name}"));
            if (session.Describe($"select {condition} as holds from (select {columns})") is not [{ Type: "BOOLEAN" }])
            {
                throw new TerminalException($"rfm: the condition of the segment '{segment.Name}' is no yes or no: {segment.When}");
            }
        }
        catch (DuckDbException error)
        {
            throw new TerminalException(
                $"rfm: the condition of the segment '{segment.Name}' cannot be read: {error.Message}; expected: an expression over {string.Join(", ", Known.Select(c => c.Name))}", error);
        }
    }
}
