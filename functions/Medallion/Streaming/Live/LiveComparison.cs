using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>What the stream counted beside what a query over silver gives for the same windows.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="Aggregate">The aggregate.</param>
/// <param name="Windows">How many closed windows were compared.</param>
/// <param name="Groups">How many groups they have, in one or the other.</param>
/// <param name="Equal">How many of these are equal in all values.</param>
/// <param name="Differences">The others, at most 100.</param>
public sealed record LiveComparison(string Pipeline, string Aggregate, int Windows, int Groups, int Equal, IReadOnlyList<LiveDifference> Differences);

/// <summary>A group that is not the same in both: events that came when its window was closed are in the batch figure only.</summary>
/// <param name="StartUtc">The window's first moment.</param>
/// <param name="Key">The values that make the group.</param>
/// <param name="Stream">Its numbers by the stream; null where it has no such group.</param>
/// <param name="Batch">Its numbers by the query; null where it has no such group.</param>
public sealed record LiveDifference(DateTimeOffset StartUtc, JsonObject Key, JsonObject? Stream, JsonObject? Batch);

/// <summary>Compares stream and batch.</summary>
public sealed class LiveComparer
{
    /// <summary>The most windows that are compared at a time.</summary>
    public const int MaxWindows = 1000;

    private const int MaxDifferences = 100;
    private readonly LiveReader reader;
    private readonly LakeTables tables;
    private readonly SqlQuery query;

    internal LiveComparer(LiveReader reader, LakeTables tables, SqlQuery query) => (this.reader, this.tables, this.query) = (reader, tables, query);

    /// <summary>Compares an aggregate's newest closed windows with silver.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="aggregate">The aggregate's name.</param>
    /// <param name="windows">How many windows, 1 to <see cref="MaxWindows"/>.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <exception cref="UnknownAggregateException">There is no such aggregate.</exception>
    public async Task<LiveComparison> CompareAsync(string pipeline, string aggregate, int windows, CancellationToken cancellationToken)
    {
        var (_, definition) = await reader.FindAsync(pipeline, aggregate, cancellationToken);
        if (await tables.Open(pipeline, new TableKey("gold", aggregate)).ReadAsync((long?)null, cancellationToken) is null)
        {
            // No window is closed yet.
            return new LiveComparison(pipeline, aggregate, 0, 0, 0, []);
        }

        var answer = await query.RunAsync(pipeline, Sql(definition, windows), cancellationToken);
        var rows = answer.Rows.Select(r => (Start: (string)r[0]!, Equal: (bool)r[1]!, Groups: r)).ToList();
        var differences = rows.Where(r => !r.Equal).Take(MaxDifferences).Select(r => Difference(definition, r.Start, r.Groups)).ToList();
        return new LiveComparison(pipeline, aggregate, rows.DistinctBy(r => r.Start).Count(), rows.Count, rows.Count(r => r.Equal), differences);
    }

    // Sums of floating point numbers depend on their order.
    private static string Sql(AggregateDefinition aggregate, int windows)
    {
        var by = aggregate.By.Select(Lakehouse.DuckDb.Sql.Identifier).ToList();
        var values = aggregate.Values.Select(v => Lakehouse.DuckDb.Sql.Identifier(v.Name)).ToList();
        var keys = string.Concat(by.Select(b => $", {b}"));
        var batch = aggregate.Values.Select(v => $"{WindowSql.Value(v)} as {Lakehouse.DuckDb.Sql.Identifier(v.Name)}");
        var same = values.Select(v => $"(s.{v} is not distinct from b.{v} or abs(s.{v}::double - b.{v}::double) <= 1e-9 * abs(b.{v}::double))");
        var joined = by.Select(b => $" and s.{b} is not distinct from b.{b}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            with s as (select *, epoch_ms(window_start) as start from gold.{Lakehouse.DuckDb.Sql.Identifier(aggregate.Name)}
                       where window_start in (select window_start from gold.{Lakehouse.DuckDb.Sql.Identifier(aggregate.Name)} group by 1 order by 1 desc limit {windows})),
                 b as (select start{keys}, {string.Join(", ", batch)} from ({WindowSql.Windowed(aggregate, $"({WindowSql.Timed(aggregate, $"silver.{Lakehouse.DuckDb.Sql.Identifier(aggregate.From)}")})")})
                       where start in (select start from s) group by start{keys})
            select epoch_ms(coalesce(s.start, b.start))::timestamptz, coalesce(s.start = b.start and {string.Join(" and ", same)}, false), s.start is not null, b.start is not null
                   {string.Concat(by.Select(k => $", coalesce(s.{k}, b.{k})"))}{string.Concat(values.Select(v => $", s.{v}, b.{v}"))}
            from s full join b on s.start = b.start{string.Concat(joined)} order by 1
            """);
    }

    private static LiveDifference Difference(AggregateDefinition aggregate, string start, JsonArray row)
    {
        var first = 4 + aggregate.By.Count;
        return new LiveDifference(
            DateTimeOffset.Parse(start, CultureInfo.InvariantCulture),
            new JsonObject(aggregate.By.Select((by, i) => KeyValuePair.Create(by, row[4 + i]?.DeepClone()))),
            (bool)row[2]! ? Values(0) : null,
            (bool)row[3]! ? Values(1) : null);

        JsonObject Values(int side) => new(aggregate.Values.Select((v, i) => KeyValuePair.Create(v.Name, row[first + (2 * i) + side]?.DeepClone())));
    }
}
