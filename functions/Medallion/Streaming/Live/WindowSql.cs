using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>The SQL that counts rows of silver into windows. Times are milliseconds since 1970.</summary>
internal static class WindowSql
{
    /// <summary>The rows of a relation, each with its time and the latest window that it belongs to.</summary>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="relation">Rows of silver.</param>
    public static string Timed(AggregateDefinition aggregate, string relation)
    {
        var every = Ms(aggregate.Every);
        return $"select *, ms - ((ms % {every}) + {every}) % {every} as latest from (select *, epoch_ms({Sql.Identifier(aggregate.Time)}) as ms from {relation} where {Sql.Identifier(aggregate.Time)} is not null)";
    }

    /// <summary>The same rows once for every window that they belong to, with its begin as <c>start</c> and the group as <c>grp</c>.</summary>
    public static string Windowed(AggregateDefinition aggregate, string timed) => string.Create(
        CultureInfo.InvariantCulture,
        $"select *, latest - k * {Ms(aggregate.Every)} as start, json_array({string.Join(", ", aggregate.By.Select(Sql.Identifier))})::varchar as grp from (select *, unnest([{string.Join(", ", Enumerable.Range(0, (int)(aggregate.Size.Ticks / aggregate.Every.Ticks)))}]) as k from {timed})");

    /// <summary>What is computed of a group: for each value how many, the sum, the least and the greatest.</summary>
    public static string Tallies(AggregateDefinition aggregate) => string.Join(", ", aggregate.Values.Select(v => v switch
    {
        { Column: null } => "count(*), null::varchar, null::varchar, null::varchar",
        { Function: AggregateFunction.Count } => $"count({Sql.Identifier(v.Column)}), null::varchar, null::varchar, null::varchar",
        _ => $"count({Sql.Identifier(v.Column)}), sum({Sql.Identifier(v.Column)})::varchar, min({Sql.Identifier(v.Column)})::varchar, max({Sql.Identifier(v.Column)})::varchar",
    }));

    /// <summary>A value as the closed window's table has it, from a row with all rows of a group.</summary>
    public static string Value(AggregateValue value) => value.Function switch
    {
        AggregateFunction.Count => value.Column is null ? "count(*)" : $"count({Sql.Identifier(value.Column)})",
        AggregateFunction.Avg => $"avg({Sql.Identifier(value.Column ?? "")})::double",
        _ => $"{value.Function.ToString().ToLowerInvariant()}({Sql.Identifier(value.Column ?? "")})",
    };

    public static string Ms(TimeSpan span) => ((long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
