using Pipeline.Lakehouse;
using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Prediction;

/// <summary>Values of a metric over time that are unusual for their part of the season.</summary>
/// <remarks>A value is looked at after the median of the seasons before it (one, or as many as have eight values) is taken off, so that a trend is none; then by the modified z-score (Iglewicz and Hoaglin, ASQC 1993) beside earlier values of its own part of the season.
/// Only what came before a value says something about it: the verdict does not change as more values come.</remarks>
public static class SeasonalAnomalies
{
    /// <summary>Scores a series.</summary>
    /// <param name="values">Oldest first, one for each step of time; NaN where there is none.</param>
    /// <param name="options">The season and the threshold.</param>
    /// <returns>A score for each value.</returns>
    /// <exception cref="TerminalException">An option is out of its range.</exception>
    public static IReadOnlyList<MetricScore> Score(ReadOnlySpan<double> values, SeasonalOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        var window = options.Period * ((RobustDeviation.MinHistory + options.Period - 1) / options.Period);
        var (levels, scores) = (new double[values.Length], new MetricScore[values.Length]);
        for (var i = 0; i < values.Length; i++)
        {
            var known = values[Math.Max(0, i - window)..i].ToArray().Where(double.IsFinite).ToList();
            var usual = known.Count > 0 ? RobustDeviation.Median(known) : double.NaN;
            levels[i] = values[i] - usual;
            var history = new List<double>();
            for (var before = i - options.Period; before >= options.Period && history.Count < options.Seasons; before -= options.Period)
            {
                if (double.IsFinite(levels[before]))
                {
                    history.Add(levels[before]);
                }
            }

            var score = double.IsFinite(levels[i]) ? RobustDeviation.Of(history, levels[i]) : null;
            scores[i] = new MetricScore(i, values[i], history.Count < RobustDeviation.MinHistory || double.IsNaN(usual) ? null : usual + RobustDeviation.Median(history), score, score is { } found && Math.Abs(found) > options.Threshold);
        }

        return scores;
    }
}

/// <summary>What a metric's season is, and what is unusual.</summary>
public sealed record SeasonalOptions
{
    /// <summary>Earlier seasons that a value is held against, where nothing is said.</summary>
    public const int DefaultSeasons = 30;

    /// <summary>Values of a season, such as 7 of days or 24 of hours; 1: none.</summary>
    public int Period { get; init; } = 1;

    /// <summary>Earlier seasons that a value is held against; with fewer than 8 there is no score.</summary>
    public int Seasons { get; init; } = DefaultSeasons;

    /// <summary>Beyond this score, above or below, a value is an anomaly.</summary>
    public double Threshold { get; init; } = RobustDeviation.Threshold;

    internal void Check()
    {
        if (Period < 1 || Seasons < RobustDeviation.MinHistory || !(Threshold > 0))
        {
            throw new TerminalException(FormattableString.Invariant(
                $"anomalies: a season of {Period} values, {Seasons} seasons and a threshold of {Threshold}, expected: a season of 1 or more, {RobustDeviation.MinHistory} or more seasons, a threshold above 0"));
        }
    }
}

/// <summary>How unusual a value is.</summary>
/// <param name="Index">Its place in the series, from 0.</param>
/// <param name="Value">The value.</param>
/// <param name="Expected">What is usual for its part of the season, after the seasons before; null where too little is known.</param>
/// <param name="Score">Robust deviations from what is usual for its part of the season; infinite where all earlier ones are the same and it differs; null where too little is known.</param>
/// <param name="IsAnomaly">Beyond the threshold.</param>
public sealed record MetricScore(int Index, double Value, double? Expected, double? Score, bool IsAnomaly);
