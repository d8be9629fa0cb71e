using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Mart.Metrics;

/// <summary>A question for metrics of a pipeline, by dimensions and by time: <c>{"metrics": ["total_revenue"], "by": ["country"], "time": {"column": "order_date", "grain": "month"}}</c>.</summary>
public sealed record MetricQuery
{
    /// <summary>The pipeline that declares them.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Their names; all of them over one table.</summary>
    public required IReadOnlyList<string> Metrics { get; init; }

    /// <summary>Columns of the table whose values make groups.</summary>
    public IReadOnlyList<string> By { get; init; } = [];

    /// <summary>The date or time that makes groups; null: none.</summary>
    public MetricTime? Time { get; init; }

    /// <summary>Which rows are measured; null: all.</summary>
    public MartFilter? Where { get; init; }

    /// <summary>Which groups are answered, by the names of the answer's columns; null: all.</summary>
    public MartFilter? Having { get; init; }

    /// <summary>The order of the answer; by default that of the groups, the time first.</summary>
    public IReadOnlyList<MartOrder> OrderBy { get; init; } = [];

    /// <summary>How many rows a page has at most.</summary>
    public int? Limit { get; init; }

    /// <summary>Where the page begins: what the page before gave as <c>next</c>; null: at the first row.</summary>
    public string? Cursor { get; init; }

    /// <summary>The table's version; null: the newest, or that of the cursor.</summary>
    public long? Version { get; init; }

    /// <summary>The time whose version is read; null: the newest.</summary>
    public DateTimeOffset? AsOf { get; init; }
}

/// <summary>A date or time cut to a length.</summary>
public sealed record MetricTime
{
    /// <summary>The column.</summary>
    public required string Column { get; init; }

    /// <summary>What it is cut to.</summary>
    public required MartGrain Grain { get; init; }
}

/// <summary>Puts a question for metrics as one to the mart.</summary>
internal static class MetricQuestion
{
    /// <exception cref="QueryException">There is no such metric, or they are over several tables.</exception>
    public static MartQuery Of(MetricQuery query, Definitions.PipelineDefinition definition)
    {
        var found = query.Metrics.Select(name => definition.Metrics.FirstOrDefault(m => m.Name == name) ?? throw new QueryException(
            $"metrics: pipeline '{query.Pipeline}' has no metric '{MartColumns.Echo(name)}'. It has {(definition.Metrics.Count == 0 ? "none" : string.Join(", ", definition.Metrics.Select(m => m.Name)))}.")).ToList();
        var tables = found.Select(m => m.From).Distinct().ToList();
        return tables switch
        {
            [var table] => new MartQuery
            {
                Pipeline = query.Pipeline,
                From = table.ToString(),
                Where = query.Where,
                GroupBy = [.. (query.Time is { } time ? new[] { new MartGroup { Column = time.Column, Grain = time.Grain } } : []).Concat(query.By.Select(b => new MartGroup { Column = b }))],
                Aggregates = [.. found.Select(m => new MartAggregate { Metric = m.Name })],
                Having = query.Having,
                OrderBy = query.OrderBy,
                Limit = query.Limit,
                Cursor = query.Cursor,
                Version = query.Version,
                AsOf = query.AsOf,
            },
            [] => throw new QueryException("metrics: name at least one."),
            _ => throw new QueryException($"metrics: {string.Join(", ", found.Select(m => $"{m.Name} is over {m.From}"))}: ask for metrics of one table at a time."),
        };
    }
}
