using MathNet.Numerics.Distributions;
using Pipeline.Medallion.Clustering;

namespace Pipeline.Medallion.Prediction;

/// <summary>A smoothed series: its weights, where it began and where it is now.</summary>
/// <remarks>In the notation of Hyndman and Athanasopoulos, "Forecasting: principles and practice" (3rd ed., chapter 8).</remarks>
public sealed record SmoothingModel
{
    private const int Paths = 5000;

    /// <summary>Its form.</summary>
    public required SmoothingOptions Options { get; init; }

    /// <summary>α, from 0 to 1: the weight of the newest value in the level.</summary>
    public required double Alpha { get; init; }

    /// <summary>β*, from 0 to 1: the weight of the newest change in the trend; 0 without one.</summary>
    public required double BetaStar { get; init; }

    /// <summary>γ, from 0 to 1 - α: the weight of the newest value in the season; 0 without one.</summary>
    public required double Gamma { get; init; }

    /// <summary>φ: what is left of the trend after each step; 1 where it does not fade.</summary>
    public required double Phi { get; init; }

    /// <summary>Before the first value.</summary>
    public required SmoothingState First { get; init; }

    /// <summary>After the last value.</summary>
    public required SmoothingState Last { get; init; }

    /// <summary>Values that it was fitted to.</summary>
    public required int Values { get; init; }

    /// <summary>The sum of the squared errors of predicting each of them from those before.</summary>
    public required double SquaredErrors { get; init; }

    /// <summary>The standard deviation of these errors, less what fitting has taken; relative ones where the season is multiplicative.</summary>
    public required double Deviation { get; init; }

    /// <summary>Predicts the next values.</summary>
    /// <param name="steps">How many; 1 and more.</param>
    /// <returns>Each with an interval that holds <see cref="SmoothingOptions.Coverage"/> of what comes, if the errors are normal and the form is right.</returns>
    public IReadOnlyList<Forecast> Predict(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return Options.Season == Season.Multiplicative ? Simulate(steps) : Calculate(steps);
    }

    // Hyndman, Koehler, Ord and Snyder, "Forecasting with Exponential Smoothing" (2008), table 6.2.
    private Forecast[] Calculate(int steps)
    {
        var factor = Normal.InvCDF(0, 1, 0.5 + (Options.Coverage / 2));
        var (forecasts, variance, damped) = (new Forecast[steps], 1.0, 0.0);
        for (var step = 1; step <= steps; step++)
        {
            var value = Last.Value(Options, step, Phi);
            var half = factor * Deviation * Math.Sqrt(variance);
            forecasts[step - 1] = new Forecast(step, value, value - half, value + half);
            damped += Math.Pow(Phi, step);
            var weight = Alpha + (Options.Trend == Trend.None ? 0 : Alpha * BetaStar * damped) + (Options.Season != Season.None && step % Options.Period == 0 ? Gamma : 0);
            variance += weight * weight;
        }

        return forecasts;
    }

    private Forecast[] Simulate(int steps)
    {
        var random = new SplitMix((ulong)Options.Seed);
        var values = new double[steps][];
        for (var step = 0; step < steps; step++)
        {
            values[step] = new double[Paths];
        }

        for (var path = 0; path < Paths; path++)
        {
            var state = Last;
            for (var step = 0; step < steps; step++)
            {
                var value = state.Value(Options, 1, Phi) * (1 + (Deviation * random.NextNormal()));
                values[step][path] = value;
                state = state.After(value, this);
            }
        }

        return [.. values.Select((paths, i) =>
        {
            Array.Sort(paths);
            var tail = (int)((1 - Options.Coverage) / 2 * Paths);
            return new Forecast(i + 1, Last.Value(Options, i + 1, Phi), paths[tail], paths[^(tail + 1)]);
        })];
    }
}

/// <summary>A predicted value.</summary>
/// <param name="Step">1 for the next value.</param>
/// <param name="Value">The prediction.</param>
/// <param name="Low">The lower end of its interval.</param>
/// <param name="High">The upper end.</param>
public sealed record Forecast(int Step, double Value, double Low, double High);

/// <summary>Where a smoothed series is.</summary>
public sealed record SmoothingState
{
    /// <summary>ℓ: the level.</summary>
    public required double Level { get; init; }

    /// <summary>b: the trend for each step.</summary>
    public required double Trend { get; init; }

    /// <summary>s: what belongs to the parts of the season, that of the next value first; empty without one.</summary>
    public required IReadOnlyList<double> Season { get; init; }

    internal double Value(SmoothingOptions options, int step, double phi)
    {
        var (damped, power) = (0.0, 1.0);
        for (var i = 0; i < step; i++)
        {
            power *= phi;
            damped += power;
        }

        var value = Level + (options.Trend == Prediction.Trend.None ? 0 : damped * Trend);
        return options.Season switch
        {
            Prediction.Season.Additive => value + Season[(step - 1) % options.Period],
            Prediction.Season.Multiplicative => value * Season[(step - 1) % options.Period],
            _ => value,
        };
    }

    internal SmoothingState After(double value, SmoothingModel model)
    {
        var recursion = new SmoothingRecursion(model.Options, this);
        recursion.Step(value, model.Alpha, model.BetaStar, model.Gamma, model.Phi);
        return recursion.State();
    }
}
