using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Prediction;

/// <summary>What a smoothing would have predicted at earlier times, from what was known then, beside what came.</summary>
public sealed record BackTest
{
    /// <summary>How often it was asked, each time fitted anew to the values before.</summary>
    public required int Origins { get; init; }

    /// <summary>Values predicted each time.</summary>
    public required int Steps { get; init; }

    /// <summary>All predictions beside the naive ones: the last value (<c>last</c>) or that of a season before (<c>season</c>), whichever is better.</summary>
    public required Comparison Comparison { get; init; }

    /// <summary>The share of values within their prediction interval.</summary>
    public required double Covered { get; init; }

    /// <summary>Predicts the series' newest values again and again, from an origin that rolls on.</summary>
    /// <param name="values">The series.</param>
    /// <param name="options">The form of the smoothing.</param>
    /// <param name="steps">Values predicted each time; 1 and more.</param>
    /// <param name="origins">How often, <paramref name="steps"/> apart or less where the series is short; 1 and more.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TerminalException">The series is too short for one origin.</exception>
    public static BackTest Run(ReadOnlySpan<double> values, SmoothingOptions options, int steps, int origins, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(origins, 1);
        var room = values.Length - steps - options.LeastValues;
        if (room < 0)
        {
            throw new TerminalException($"back-test: {values.Length} values, expected: at least {options.LeastValues + steps}, {options.LeastValues} to fit this form to and {steps} to predict");
        }

        var apart = origins == 1 ? 0 : Math.Max(1, Math.Min(steps, room / (origins - 1)));
        var count = apart == 0 ? 1 : Math.Min(origins, (room / apart) + 1);
        var (actual, predicted, last, season, covered) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), 0);
        for (var origin = count - 1; origin >= 0; origin--)
        {
            var known = values[..(values.Length - steps - (origin * apart))];
            foreach (var forecast in ExponentialSmoothing.Fit(known, options, cancellationToken).Predict(steps))
            {
                var came = values[known.Length + forecast.Step - 1];
                covered += came >= forecast.Low && came <= forecast.High ? 1 : 0;
                actual.Add(came);
                predicted.Add(forecast.Value);
                last.Add(known[^1]);
                season.Add(known[^(options.Period - ((forecast.Step - 1) % options.Period))]);
            }
        }

        var all = actual.ToArray();
        List<Baseline> baselines = [new("last", ErrorMetrics.Of(all, last.ToArray()))];
        if (options.Season != Season.None)
        {
            baselines.Add(new("season", ErrorMetrics.Of(all, season.ToArray())));
        }

        return new BackTest { Origins = count, Steps = steps, Comparison = Comparison.Of(ErrorMetrics.Of(all, predicted.ToArray()), baselines), Covered = (double)covered / actual.Count };
    }
}
