using MathNet.Numerics.LinearAlgebra;

namespace Pipeline.Medallion.Prediction;

/// <summary>Where a series began.</summary>
internal static class FirstStates
{
    private const int NewtonSteps = 8;
    private const double LeastStep = 0.05;
    private const double Nudge = 1e-6;

    /// <summary>For given weights the state with the least squared errors. The errors are linear in it: what each of its parts adds to them is found by smoothing zeros from it.</summary>
    /// <param name="values">The series.</param>
    /// <param name="options">Its form, without a multiplicative season.</param>
    /// <param name="weights">The weights.</param>
    public static SmoothingState LeastSquares(double[] values, SmoothingOptions options, ExponentialSmoothing.Weights weights)
    {
        var (hasTrend, parts) = (options.Trend != Trend.None, options.Season == Season.None ? 0 : options.Period);
        var unknown = 1 + (hasTrend ? 1 : 0) + Math.Max(0, parts - 1);
        var effects = Matrix<double>.Build.Dense(values.Length, unknown);
        for (var i = 0; i < unknown; i++)
        {
            var (zeros, unit) = (new SmoothingRecursion(options, State(Unit(unknown, i), hasTrend, parts)), i);
            for (var row = 0; row < values.Length; row++)
            {
                effects[row, unit] = zeros.Step(0, weights.Alpha, weights.BetaStar, weights.Gamma, weights.Phi);
            }
        }

        var recursion = new SmoothingRecursion(options, State(new double[unknown], hasTrend, parts));
        var errors = Vector<double>.Build.Dense(values.Length);
        for (var row = 0; row < values.Length; row++)
        {
            errors[row] = values[row] - recursion.Step(values[row], weights.Alpha, weights.BetaStar, weights.Gamma, weights.Phi);
        }

        return State([.. effects.QR().Solve(errors)], hasTrend, parts);
    }

    /// <summary>For given weights a state with little squared errors: from that of the first seasons by Gauss and Newton's steps, halved where they lead upwards.</summary>
    /// <param name="values">The series, above 0.</param>
    /// <param name="options">Its form, with a multiplicative season.</param>
    /// <param name="weights">The weights.</param>
    public static SmoothingState Descend(double[] values, SmoothingOptions options, ExponentialSmoothing.Weights weights)
    {
        var hasTrend = options.Trend != Trend.None;
        var begin = FromFirstSeasons(values, options);
        var state = Vector<double>.Build.DenseOfEnumerable([begin.Level, .. hasTrend ? [begin.Trend] : Array.Empty<double>(), .. begin.Season.SkipLast(1)]);
        var errors = Errors(state);
        for (var step = 0; step < NewtonSteps; step++)
        {
            var effects = Matrix<double>.Build.Dense(values.Length, state.Count);
            for (var i = 0; i < state.Count; i++)
            {
                var nudged = state.Clone();
                var nudge = Nudge * Math.Max(Math.Abs(state[i]), Nudge * begin.Level);
                nudged[i] += nudge;
                effects.SetColumn(i, (Errors(nudged) - errors) / nudge);
            }

            var (direction, before) = (effects.QR().Solve(errors), errors * errors);
            for (var length = 1.0; length > LeastStep; length /= 2)
            {
                var next = state - (length * direction);
                if (Errors(next) is var found && found * found < before && next.Skip(hasTrend ? 2 : 1).All(part => part > 0) && Last(next) > 0)
                {
                    (state, errors) = (next, found);
                    break;
                }
            }

            if (!(errors * errors < before * (1 - Nudge)))
            {
                break;
            }
        }

        return Whole(state);

        double Last(Vector<double> parts) => options.Period - parts.Skip(hasTrend ? 2 : 1).Sum();

        // The season's parts have the mean 1.
        SmoothingState Whole(Vector<double> parts) => new() { Level = parts[0], Trend = hasTrend ? parts[1] : 0, Season = [.. parts.Skip(hasTrend ? 2 : 1), Last(parts)] };

        Vector<double> Errors(Vector<double> parts)
        {
            var recursion = new SmoothingRecursion(options, Whole(parts));
            var found = Vector<double>.Build.Dense(values.Length);
            for (var row = 0; row < values.Length; row++)
            {
                found[row] = values[row] - recursion.Step(values[row], weights.Alpha, weights.BetaStar, weights.Gamma, weights.Phi);
            }

            return found;
        }
    }

    /// <summary>From the first seasons, at most five: the season's parts as the values' mean share of their season, trend as the mean change from season to season, level as what is then left at the begin.</summary>
    private static SmoothingState FromFirstSeasons(double[] values, SmoothingOptions options)
    {
        var (period, seasons) = (options.Period, Math.Min(5, values.Length / options.Period));
        var means = Enumerable.Range(0, seasons).Select(s => values.AsSpan(s * period, period).ToArray().Average()).ToArray();
        var trend = options.Trend == Trend.None ? 0 : (means[^1] - means[0]) / ((seasons - 1) * period);

        // Along the trend, or what rises within a season would count as its parts.
        var parts = Enumerable.Range(0, period)
            .Select(part => Enumerable.Range(0, seasons).Average(s => values[(s * period) + part] / (means[s] + (trend * (part - ((period - 1) / 2.0)))))).ToArray();
        var sum = parts.Average();
        return new SmoothingState
        {
            Level = options.Trend == Trend.None ? means.Average() : means[0] - (trend * (period + 1) / 2.0),
            Trend = trend,
            Season = [.. parts.Select(p => p / sum)],
        };
    }

    private static double[] Unit(int length, int place)
    {
        var unit = new double[length];
        unit[place] = 1;
        return unit;
    }

    // The season's parts have the sum 0: the last one follows from the others.
    private static SmoothingState State(double[] unknown, bool hasTrend, int parts)
    {
        var season = unknown[(hasTrend ? 2 : 1)..];
        return new SmoothingState
        {
            Level = unknown[0],
            Trend = hasTrend ? unknown[1] : 0,
            Season = parts == 0 ? [] : [.. season, -season.Sum()],
        };
    }
}
