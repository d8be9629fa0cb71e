using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;

namespace Pipeline.Medallion.Prediction;

/// <summary>Predicts a metric: its values by time from the mart, a smoothed series in the registry, a table with what was and what is to come.</summary>
internal sealed class ForecastTraining(DataMart mart, ModelRegistry registry) : ILearner
{
    public const string Kind = "exponential smoothing";

    // How many of the newest values are predicted again, from those before, to tell what predictions are worth.
    private const int Origins = 6;

    /// <summary>A SELECT of the table's columns.</summary>
    /// <param name="time">The time, cut to its length.</param>
    /// <param name="from">The table of the metric.</param>
    public static string EmptySql(string time, TableKey from) => $"select {time} as time, '' as kind, 0::double as value, 0::double as low, 0::double as high from {from}";

    public bool Makes(PipelineDefinition pipeline, TableKey table) => pipeline.Forecasts.Any(f => f.Table == table);

    public async Task<Learned> LearnAsync(LearnWork work, DuckDbSession session, CancellationToken cancellationToken)
    {
        var forecast = work.Pipeline.Forecasts.First(f => f.Table == work.Step.Table);
        var series = await MetricSeries.ReadAsync(mart, work, forecast.Series, cancellationToken);
        series.RequireNoGap();
        var (times, values) = (series.Times, series.Values);
        var last = await registry.FindAsync(work.Pipeline.Name, forecast.Name, null, cancellationToken);
        var model = ExponentialSmoothing.Fit(values, forecast.Smoothing, cancellationToken);
        var trained = last is not null && last.RunId == work.RunId && last.Definition == work.Step.Definition
            ? last
            : await registry.AddAsync(version => Describe(work, forecast, model, values, version, cancellationToken), last, cancellationToken);

        session.Execute($"create table forecast (time {series.TimeType}, kind varchar, value double, low double, high double)", cancellationToken);
        using var appender = session.Append("forecast");
        for (var i = 0; i < times.Count; i++)
        {
            appender.Append(series.Value(times[i]), "actual", values[i], null, null);
        }

        foreach (var next in model.Predict(forecast.Horizon))
        {
            appender.Append(series.Value(series.After(times[^1], next.Step)), "forecast", next.Value, next.Low, next.High);
        }

        appender.Complete();
        return new Learned("select * from forecast", trained.Version);
    }

    private static TrainedModel Describe(LearnWork work, ForecastDefinition forecast, SmoothingModel model, double[] values, long version, CancellationToken cancellationToken)
    {
        // Of a series that is too short to be cut, nobody knows what its predictions are worth.
        var origins = Math.Min(Origins, values.Length - forecast.Smoothing.LeastValues);
        var test = origins < 1 ? null : BackTest.Run(values, forecast.Smoothing, 1, origins, cancellationToken);
        return new TrainedModel
        {
            Pipeline = work.Pipeline.Name,
            Name = forecast.Name,
            Version = version,
            RunId = work.RunId,
            Definition = work.Step.Definition,
            Forecast = model,
            Card = new ModelCard
            {
                Name = forecast.Name,
                Version = version,
                Kind = Kind,
                TrainedUtc = work.TimeUtc,
                Data = new Dictionary<string, long> { [forecast.From.ToString()] = work.Versions[forecast.From] },
                Rows = values.Length,
                Features = [forecast.Time],
                Target = forecast.Metric,
                Parameters = new Dictionary<string, string>
                {
                    ["grain"] = Name(forecast.Grain),
                    ["trend"] = Name(forecast.Smoothing.Trend),
                    ["season"] = Name(forecast.Smoothing.Season),
                    ["period"] = Text(forecast.Smoothing.Period),
                    ["coverage"] = Text(forecast.Smoothing.Coverage),
                    ["alpha"] = Text(model.Alpha),
                    ["beta*"] = Text(model.BetaStar),
                    ["gamma"] = Text(model.Gamma),
                    ["phi"] = Text(model.Phi),
                },
                Metrics = test is null ? new Dictionary<string, double>() : Told(test.Comparison.Model).Append(new("covered", test.Covered)).ToDictionary(),
                Baseline = test is null ? new Dictionary<string, double>() : Told(test.Comparison.Baseline.Metrics),
                Limits =
                [
                    test is null ? "The series is too short to try predictions on it." : $"Tried on the last {test.Origins} values, each predicted from those before it.",
                    "It knows the series and nothing of what makes it: what has not happened before it cannot foresee.",
                    "Its intervals hold if its errors are normal and of one size, and if things go on as they did.",
                ],
            },
        };
    }

    private static Dictionary<string, double> Told(ErrorMetrics errors) => new() { ["mae"] = errors.Mae, ["rmse"] = errors.Rmse };

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Text(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
