using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Prediction;

/// <summary>How far predictions are from what came.</summary>
public sealed record ErrorMetrics
{
    /// <summary>Predictions that were compared.</summary>
    public required int Rows { get; init; }

    /// <summary>Root of the mean squared error, in units of the target.</summary>
    public required double Rmse { get; init; }

    /// <summary>Mean absolute error, in units of the target.</summary>
    public required double Mae { get; init; }

    /// <summary>Share of the variance that is explained: 1 at best, 0 as good as the mean of these rows, below 0 worse; null where they are all the same.</summary>
    public double? R2 { get; init; }

    /// <summary>Compares.</summary>
    /// <param name="actual">What came.</param>
    /// <param name="predicted">What was predicted, in the same order.</param>
    public static ErrorMetrics Of(ReadOnlySpan<double> actual, ReadOnlySpan<double> predicted)
    {
        if (actual.Length != predicted.Length || actual.Length == 0)
        {
            throw new TerminalException($"{predicted.Length} predictions cannot be compared with {actual.Length} values: as many were expected, at least one");
        }

        var (squares, absolute, sum) = (0.0, 0.0, 0.0);
        for (var i = 0; i < actual.Length; i++)
        {
            var error = actual[i] - predicted[i];
            squares += error * error;
            absolute += Math.Abs(error);
            sum += actual[i];
        }

        var (mean, spread) = (sum / actual.Length, 0.0);
        foreach (var value in actual)
        {
            spread += (value - mean) * (value - mean);
        }

        return new ErrorMetrics { Rows = actual.Length, Rmse = Math.Sqrt(squares / actual.Length), Mae = absolute / actual.Length, R2 = spread > 0 ? 1 - (squares / spread) : null };
    }
}
