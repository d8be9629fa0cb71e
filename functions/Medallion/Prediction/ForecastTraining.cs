using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Metrics;
using Pipeline.Medallion.Mart.Query;

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
        var (type, times, values) = await SeriesAsync(work, forecast, cancellationToken);
        RequireNoGap(forecast, times);
        var last = await registry.FindAsync(work.Pipeline.Name, forecast.Name, null, cancellationToken);
        var model = ExponentialSmoothing.Fit(values, forecast.Smoothing, cancellationToken);
        var trained = last is not null && last.RunId == work.RunId && last.Definition == work.Step.Definition
            ? last
            : await registry.AddAsync(version => Describe(work, forecast, model, values, version, cancellationToken), last, cancellationToken);

        session.Execute($"create table forecast (time {type}, kind varchar, value double, low double, high double)", cancellationToken);
        using var appender = session.Append("forecast");
        for (var i = 0; i < times.Count; i++)
        {
            appender.Append(Time(times[i], type), "actual", values[i], null, null);
        }

        foreach (var next in model.Predict(forecast.Horizon))
        {
            appender.Append(Time(After(times[^1], forecast.Grain, next.Step), type), "forecast", next.Value, next.Low, next.High);
        }

        appender.Complete();
        return new Learned("select * from forecast", trained.Version);
    }

    private async Task<(string Type, IReadOnlyList<DateTime> Times, double[] Values)> SeriesAsync(LearnWork work, ForecastDefinition forecast, CancellationToken cancellationToken)
    {
        var question = MetricQuestion.Of(new MetricQuery { Pipeline = work.Pipeline.Name, Metrics = [forecast.Metric], Time = new MetricTime { Column = forecast.Time, Grain = forecast.Grain } }, work.Pipeline) with
        {
            Version = work.Versions[forecast.From],
            Where = new MartFilter { Column = forecast.Time, Op = MartOperator.IsNotNull },
            Limit = DataMart.RowLimit,
        };
        using var answer = await mart.QueryAsync(question, cancellationToken);
        var all = answer.ToList();
        if (all.Count == DataMart.RowLimit)
        {
            throw new TerminalException($"forecast '{forecast.Name}': '{forecast.Metric}' has {DataMart.RowLimit} values or more. Take a longer grain than {Name(forecast.Grain)}.");
        }

        var rows = all.SkipLast(forecast.Leave).ToList();
        if (rows.Find(r => r[1] is null) is { } empty)
        {
            throw new TerminalException(string.Create(CultureInfo.InvariantCulture, $"forecast '{forecast.Name}': '{forecast.Metric}' has no value at {TimeOf(empty[0]):yyyy-MM-dd HH:mm}, and one for each {Name(forecast.Grain)} was expected."));
        }

        return (answer.Columns[0].Type, [.. rows.Select(r => TimeOf(r[0]))], [.. rows.Select(r => r[1] is Int128 whole ? (double)whole : Convert.ToDouble(r[1], CultureInfo.InvariantCulture))]);
    }

    private static DateTime TimeOf(object? value) => value switch
    {
        DateOnly day => day.ToDateTime(TimeOnly.MinValue),
        DateTimeOffset time => time.UtcDateTime,
        DateTime time => time,
        _ => throw new InvalidOperationException($"{value} is no time."),
    };

    private static void RequireNoGap(ForecastDefinition forecast, IReadOnlyList<DateTime> times)
    {
        for (var i = 1; i < times.Count; i++)
        {
            if (After(times[i - 1], forecast.Grain, 1) != times[i])
            {
                throw new TerminalException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"forecast '{forecast.Name}': after {times[i - 1]:yyyy-MM-dd HH:mm} comes {times[i]:yyyy-MM-dd HH:mm}, and a value for each {Name(forecast.Grain)} was expected. Take a longer grain, or a table that has a row for each."));
            }
        }
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

    private static DateTime After(DateTime time, MartGrain grain, int steps) => grain switch
    {
        MartGrain.Minute => time.AddMinutes(steps),
        MartGrain.Hour => time.AddHours(steps),
        MartGrain.Day => time.AddDays(steps),
        MartGrain.Week => time.AddDays(7 * steps),
        MartGrain.Month => time.AddMonths(steps),
        MartGrain.Quarter => time.AddMonths(3 * steps),
        _ => time.AddYears(steps),
    };

    private static object Time(DateTime time, string type) => type == "DATE" ? DateOnly.FromDateTime(time) : new DateTimeOffset(time, TimeSpan.Zero);
}
