using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;

namespace Pipeline.Medallion.Prediction;

/// <summary>Tells the unusual values of a metric: its values by time from the mart, a table with the score of each, and an event if the newest is unusual.</summary>
internal sealed class MetricAnomalies(DataMart mart) : ILearner
{
    /// <summary>The type of the event.</summary>
    public const string Event = "metric.anomaly";

    /// <summary>A SELECT of the table's columns.</summary>
    /// <param name="time">The time, cut to its length.</param>
    /// <param name="from">The table of the metric.</param>
    public static string EmptySql(string time, TableKey from) => $"select {time} as time, 0::double as value, 0::double as expected, 0::double as score, false as anomaly from {from}";

    public bool Makes(PipelineDefinition pipeline, TableKey table) => pipeline.Anomalies.Any(a => a.Table == table);

    public async Task<Learned> LearnAsync(LearnWork work, DuckDbSession session, CancellationToken cancellationToken)
    {
        var anomalies = work.Pipeline.Anomalies.First(a => a.Table == work.Step.Table);
        var series = await MetricSeries.ReadAsync(mart, work, anomalies.Series, cancellationToken);
        var (values, steps) = series.Filled();
        var scores = SeasonalAnomalies.Score(values, anomalies.Seasonal);
        session.Execute($"create table anomalies (time {series.TimeType}, value double, expected double, score double, anomaly boolean)", cancellationToken);
        using var appender = session.Append("anomalies");
        for (var i = 0; i < steps.Count; i++)
        {
            var score = scores[steps[i]];
            appender.Append(series.Value(series.Times[i]), score.Value, score.Expected, score.Score, score.IsAnomaly);
        }

        appender.Complete();
        return new Learned("select * from anomalies", null) { Notice = steps.Count > 0 && scores[steps[^1]] is { IsAnomaly: true } newest ? Tell(anomalies, work, series.Times[^1], newest) : null };
    }

    private static NewEvent Tell(MetricAnomalyDefinition anomalies, LearnWork work, DateTime time, MetricScore newest) => new()
    {
        Type = Event,
        Source = $"{work.Pipeline.Name}/{anomalies.Table}",
        Subject = anomalies.Metric,
        Message = string.Create(CultureInfo.InvariantCulture, $"{anomalies.Metric} is {newest.Value:G6} at {time:yyyy-MM-dd HH:mm}, where {newest.Expected:G6} was usual: {newest.Score:F1} deviations off"),
        Data = EventData.Of(("metric", anomalies.Metric), ("time", time.ToString("O", CultureInfo.InvariantCulture)), ("value", newest.Value), ("expected", newest.Expected)),
        Key = string.Create(CultureInfo.InvariantCulture, $"{Event}/{work.Pipeline.Name}/{anomalies.Name}/{time:O}/{newest.Value:R}"),
    };
}
