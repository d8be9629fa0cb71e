using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Metrics;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Prediction;

/// <summary>The newest values of a metric by time, out of the mart, in the order of their time.</summary>
internal sealed class MetricSeries
{
    // Beyond that a series has so many holes that its grain is too short.
    private const int MostSteps = 100_000;
    private readonly SeriesQuestion question;
    private readonly string type;

    private MetricSeries(SeriesQuestion question, string type, IReadOnlyList<DateTime> times, double[] values) => (this.question, this.type, Times, Values) = (question, type, times, values);

    /// <summary>The DuckDB type of a time.</summary>
    public string TimeType => type;

    public IReadOnlyList<DateTime> Times { get; }

    public double[] Values { get; }

    /// <summary>Reads at most 10,000 values, the newest.</summary>
    /// <exception cref="TerminalException">The metric has no value at one of them.</exception>
    public static async Task<MetricSeries> ReadAsync(DataMart mart, LearnWork work, SeriesQuestion question, CancellationToken cancellationToken)
    {
        var metric = new MetricQuery
        {
            Pipeline = work.Pipeline.Name,
            Metrics = [question.Metric],
            Time = new MetricTime { Column = question.Time, Grain = question.Grain },
            Where = new MartFilter { Column = question.Time, Op = MartOperator.IsNotNull },
            OrderBy = [new MartOrder { Column = question.Time, Descending = true }],
            Version = work.Versions[question.From],
            Limit = DataMart.RowLimit,
        };
        using var answer = await mart.QueryAsync(MetricQuestion.Of(metric, work.Pipeline), cancellationToken);
        var rows = answer.ToList().Skip(question.Leave).Reverse().ToList();
        if (rows.Find(r => r[1] is null) is { } empty)
        {
            throw new TerminalException(string.Create(
                CultureInfo.InvariantCulture, $"{question.Asker}: '{question.Metric}' has no value at {TimeOf(empty[0]):yyyy-MM-dd HH:mm}, and one for each {Name(question.Grain)} was expected."));
        }

        return new MetricSeries(question, answer.Columns[0].Type, [.. rows.Select(r => TimeOf(r[0]))], [.. rows.Select(r => r[1] is Int128 whole ? (double)whole : Convert.ToDouble(r[1], CultureInfo.InvariantCulture))]);
    }

    /// <exception cref="TerminalException">There is no value at one of the times between the first and the last.</exception>
    public void RequireNoGap()
    {
        for (var i = 1; i < Times.Count; i++)
        {
            if (After(Times[i - 1], 1) != Times[i])
            {
                throw new TerminalException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{question.Asker}: after {Times[i - 1]:yyyy-MM-dd HH:mm} comes {Times[i]:yyyy-MM-dd HH:mm}, and a value for each {Name(question.Grain)} was expected. Take a longer grain, or a table that has a row for each."));
            }
        }
    }

    /// <summary>A value for each step of time, NaN where there is none, and for each of <see cref="Values"/> its step.</summary>
    /// <exception cref="TerminalException">They are too many steps.</exception>
    public (double[] Values, IReadOnlyList<int> Steps) Filled()
    {
        var (filled, steps) = (new List<double>(), new List<int>());
        for (var i = 0; i < Times.Count; i++)
        {
            for (var time = i == 0 ? Times[0] : After(Times[i - 1], 1); time < Times[i]; time = After(time, 1))
            {
                filled.Add(double.NaN);
                if (filled.Count > MostSteps)
                {
                    throw new TerminalException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{question.Asker}: '{question.Metric}' has {Times.Count} values between {Times[0]:yyyy-MM-dd HH:mm} and {Times[^1]:yyyy-MM-dd HH:mm}, and one for most times was expected. Take a longer grain than {Name(question.Grain)}."));
                }
            }

            steps.Add(filled.Count);
            filled.Add(Values[i]);
        }

        return ([.. filled], steps);
    }

    /// <summary>The time some steps after another.</summary>
    public DateTime After(DateTime time, int steps) => question.Grain switch
    {
        MartGrain.Minute => time.AddMinutes(steps),
        MartGrain.Hour => time.AddHours(steps),
        MartGrain.Day => time.AddDays(steps),
        MartGrain.Week => time.AddDays(7 * steps),
        MartGrain.Month => time.AddMonths(steps),
        MartGrain.Quarter => time.AddMonths(3 * steps),
        _ => time.AddYears(steps),
    };

    /// <summary>A time as an appender takes it.</summary>
    public object Value(DateTime time) => type == "DATE" ? DateOnly.FromDateTime(time) : new DateTimeOffset(time, TimeSpan.Zero);

    private static DateTime TimeOf(object? value) => value switch
    {
        DateOnly day => day.ToDateTime(TimeOnly.MinValue),
        DateTimeOffset time => time.UtcDateTime,
        DateTime time => time,
        _ => throw new InvalidOperationException($"{value} is no time."),
    };

    private static string Name(MartGrain grain) => grain.ToString().ToLowerInvariant();
}
