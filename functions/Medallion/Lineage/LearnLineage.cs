using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Lineage;

/// <summary>What learnt tables are made from, as SELECTs whose values mean nothing and whose columns come from where those of the tables do.</summary>
internal static class LearnLineage
{
    /// <summary>A SELECT with the columns of a learnt table; of centroids without those of categories, whose names are known when they are trained.</summary>
    public static string Select(PipelineDefinition definition, TableKey table) => definition.Learns.First(l => l.Learned.Any(t => t.Table == table)) switch
    {
        ClusterDefinition clusters when clusters.Rows == table =>
            $"select {List(clusters.Key)}, {Of(clusters.Features)}::bigint as cluster, {Of(clusters.Features)}::double as distance, {Of(clusters.Features)}::double as anomaly_score, {Of(clusters.Features)} > 0 as anomaly from {clusters.From}{Where(clusters.Where)}",
        ClusterDefinition clusters =>
            $"select cluster, count(*) as size{string.Concat(Plain(clusters.Features).Select(f => $", avg({f})::double as {f}"))} from {clusters.Rows} join {clusters.From} using ({List(clusters.Key)}) group by cluster",
        PredictionDefinition prediction when prediction.Rows == table =>
            $"""
            select {List(prediction.Key.Append(prediction.Time).Distinct(StringComparer.OrdinalIgnoreCase))}, {Sql.Identifier(prediction.Target)}::double as actual, {Of(prediction.Features)}::double as predicted,
            {Sql.Identifier(prediction.Target)} - {Of(prediction.Features)}::double as residual, if({Sql.Identifier(prediction.Time)} is null or {Sql.Identifier(prediction.Target)} is null, 'new', 'test') as part from {prediction.From}{Where(prediction.Where)}
            """,
        PredictionDefinition prediction => $"select part as feature, avg(hash(actual, predicted))::double as coefficient from {prediction.Rows} group by part",
        ForecastDefinition forecast => Series(definition, forecast.Series, "'actual' as kind, VALUE as value, VALUE as low, VALUE as high"),
        MetricAnomalyDefinition anomalies => Series(definition, anomalies.Series, "VALUE as value, VALUE as expected, VALUE as score, VALUE > 0 as anomaly"),
        var other => throw new InvalidOperationException($"{other.GetType().Name} has no lineage."),
    };

    private static string Series(PipelineDefinition definition, SeriesQuestion series, string columns)
    {
        var value = $"({definition.Metrics.First(m => m.Name == series.Metric).Expr})::double";
        return $"select date_trunc('{series.Grain}', {Sql.Identifier(series.Time)}) as time, {columns.Replace("VALUE", value, StringComparison.Ordinal)} from {series.From} group by 1";
    }

    private static string Of(IEnumerable<FeatureColumn> features) => $"hash({List(features.Select(f => f.Column))})";

    private static IEnumerable<string> Plain(IEnumerable<FeatureColumn> features) => features.Where(f => f.Encode is null && f.Parts.Count == 0).Select(f => Sql.Identifier(f.Column));

    private static string List(IEnumerable<string> columns) => string.Join(", ", columns.Select(Sql.Identifier));

    private static string Where(MartFilter? filter) => filter is null ? "" : $" where {string.Join(" and ", Columns(filter).Distinct().Select(c => $"{Sql.Identifier(c)} is not null"))}";

    private static IEnumerable<string> Columns(MartFilter filter) =>
        (filter.And ?? []).Concat(filter.Or ?? []).Concat(filter.Not is { } not ? [not] : []).SelectMany(Columns).Concat(filter.Column is { } column ? [column] : []);
}
