using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Prediction;

/// <summary>Exponential smoothing of Brown, Holt and Winters: fits weights and first state to a series by least squares of its one-step errors.</summary>
/// <remarks>The weights are looked for by Nelder and Mead's simplex from several starts. Without a multiplicative season the errors are linear in the first state, which for given weights is therefore found exactly.</remarks>
public static class ExponentialSmoothing
{
    private const double Edge = 1e-4;
    private const double LeastPhi = 0.8;
    private const double MostPhi = 0.98;
    private const double SimplexTolerance = 1e-9;
    private const int SimplexIterations = 2000;

    /// <summary>Fits weights and first state.</summary>
    /// <param name="values">The series, oldest first, one value for each step of time.</param>
    /// <param name="options">Its form.</param>
    /// <param name="cancellationToken">Ends the work between two starts.</param>
    /// <exception cref="TerminalException">There are too few values, one is no number or not above 0 for a multiplicative season, or the form is none.</exception>
    public static SmoothingModel Fit(ReadOnlySpan<double> values, SmoothingOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check(values);
        var series = values.ToArray();
        var best = (Error: double.PositiveInfinity, Weights: default(Weights));
        foreach (var start in Starts(options))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                _ = NelderMeadSimplex.Minimum(ObjectiveFunction.Value(Error), Vector<double>.Build.Dense(start), SimplexTolerance, SimplexIterations);
            }
            catch (MaximumIterationsException)
            {
                // What was best on the way is kept.
            }
        }

        return Smooth(series, options, best.Weights, FirstState(series, options, best.Weights));

        double Error(Vector<double> point)
        {
            var weights = Weights.Of(point, options);
            var error = SquaredErrors(series, options, weights, FirstState(series, options, weights));
            if (error < best.Error)
            {
                best = (error, weights);
            }

            return double.IsFinite(error) ? error : double.MaxValue;
        }
    }

    /// <summary>Smooths a series with given weights from a given first state.</summary>
    /// <param name="values">The series.</param>
    /// <param name="options">Its form.</param>
    /// <param name="alpha">α.</param>
    /// <param name="betaStar">β*.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="phi">φ.</param>
    /// <param name="first">The first state.</param>
    /// <exception cref="TerminalException">The series has too few values or one that is none.</exception>
    public static SmoothingModel Smooth(ReadOnlySpan<double> values, SmoothingOptions options, double alpha, double betaStar, double gamma, double phi, SmoothingState first)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(first);
        options.Check(values);
        return Smooth(values, options, new Weights(alpha, betaStar, gamma, phi), first);
    }

    private static SmoothingModel Smooth(ReadOnlySpan<double> values, SmoothingOptions options, Weights weights, SmoothingState first)
    {
        var recursion = new SmoothingRecursion(options, first);
        var (squares, relative) = (0.0, 0.0);
        foreach (var value in values)
        {
            var predicted = recursion.Step(value, weights.Alpha, weights.BetaStar, weights.Gamma, weights.Phi);
            squares += (value - predicted) * (value - predicted);
            relative += (value - predicted) / predicted * ((value - predicted) / predicted);
        }

        // Weights and first state; the parts of a season are held to one sum.
        var fitted = 2 + (options.Trend == Trend.None ? 0 : 2) + (options.Trend == Trend.Damped ? 1 : 0) + (options.Season == Season.None ? 0 : options.Period);
        return new SmoothingModel
        {
            Options = options,
            Alpha = weights.Alpha,
            BetaStar = weights.BetaStar,
            Gamma = weights.Gamma,
            Phi = weights.Phi,
            First = first,
            Last = recursion.State(),
            Values = values.Length,
            SquaredErrors = squares,
            Deviation = Math.Sqrt((options.Season == Season.Multiplicative ? relative : squares) / Math.Max(1, values.Length - fitted)),
        };
    }

    private static double SquaredErrors(double[] values, SmoothingOptions options, Weights weights, SmoothingState first)
    {
        var recursion = new SmoothingRecursion(options, first);
        var sum = 0.0;
        foreach (var value in values)
        {
            var error = value - recursion.Step(value, weights.Alpha, weights.BetaStar, weights.Gamma, weights.Phi);
            sum += error * error;
        }

        return sum;
    }

    private static SmoothingState FirstState(double[] values, SmoothingOptions options, Weights weights) =>
        options.Season == Season.Multiplicative ? FirstStates.Descend(values, options, weights) : FirstStates.LeastSquares(values, options, weights);

    // On the whole line; Weights.Of brings them into their ranges.
    private static IEnumerable<double[]> Starts(SmoothingOptions options)
    {
        var dimensions = 1 + (options.Trend == Trend.None ? 0 : 1) + (options.Trend == Trend.Damped ? 1 : 0) + (options.Season == Season.None ? 0 : 1);
        foreach (var start in new[] { -3.0, 0.0, 2.0 })
        {
            // Only the level follows quickly; all do; the season does, too.
            yield return [.. Enumerable.Range(0, dimensions).Select(i => i == 0 ? start : Math.Min(start, -1))];
        }
    }

    /// <summary>How fast level, trend and season follow the values.</summary>
    internal readonly record struct Weights(double Alpha, double BetaStar, double Gamma, double Phi)
    {
        public static Weights Of(Vector<double> point, SmoothingOptions options)
        {
            var next = 0;
            var alpha = Between(Edge, 1 - Edge, point[next++]);
            var beta = options.Trend == Trend.None ? 0 : Between(Edge, 1 - Edge, point[next++]);
            var phi = options.Trend == Trend.Damped ? Between(LeastPhi, MostPhi, point[next++]) : 1;
            return new Weights(alpha, beta, options.Season == Season.None ? 0 : Between(Edge / 2, Math.Max(Edge, 1 - alpha), point[next]), phi);
        }

        private static double Between(double least, double most, double value) => least + ((most - least) / (1 + Math.Exp(-value)));
    }
}
