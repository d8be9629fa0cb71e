namespace Pipeline.Medallion.Quality;

/// <summary>How far a value lies from earlier ones, told by median and median absolute deviation, which outliers among the earlier ones do not move.</summary>
/// <remarks>The modified z-score of Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (ASQC 1993): 0.6745 (x - median) / MAD, unusual beyond 3.5. Where more than half of the values
/// are the same, MAD is 0 and the mean absolute deviation stands in, with the factor 0.7979.</remarks>
internal static class RobustDeviation
{
    /// <summary>Beyond this a value is unusual.</summary>
    public const double Threshold = 3.5;

    /// <summary>With fewer earlier values nothing is told.</summary>
    public const int MinHistory = 8;

    private const double NormalQuartile = 0.6745;
    private const double NormalMean = 0.7979;

    /// <summary>The score of a value; null where there are too few earlier ones, or all of them are the same as it. Infinite where they are all the same, and it differs.</summary>
    public static double? Of(IReadOnlyList<double> history, double value)
    {
        if (history.Count < MinHistory)
        {
            return null;
        }

        var median = Median(history);
        var deviations = history.Select(h => Math.Abs(h - median)).ToList();
        var scale = Median(deviations) is > 0 and var mad ? mad / NormalQuartile : deviations.Average() / NormalMean;
        return scale > 0 ? (value - median) / scale
            : value > median ? double.PositiveInfinity
            : value < median ? double.NegativeInfinity
            : null;
    }

    /// <summary>The median: of an even number, the mean of the middle two.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
