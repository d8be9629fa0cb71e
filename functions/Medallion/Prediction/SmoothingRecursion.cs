namespace Pipeline.Medallion.Prediction;

/// <summary>Goes through a series value by value.</summary>
internal sealed class SmoothingRecursion
{
    private readonly SmoothingOptions options;
    private readonly double[] season;
    private double level;
    private double trend;
    private int place;

    public SmoothingRecursion(SmoothingOptions options, SmoothingState state)
    {
        this.options = options;
        (level, trend, season) = (state.Level, options.Trend == Trend.None ? 0 : state.Trend, [.. state.Season]);
    }

    public SmoothingState State() => new() { Level = level, Trend = trend, Season = [.. season[place..], .. season[..place]] };

    /// <summary>Takes a value; returns the one that was predicted for it.</summary>
    public double Step(double value, double alpha, double betaStar, double gamma, double phi)
    {
        var before = level;
        var expected = level + (phi * trend);
        if (options.Season == Season.None)
        {
            level = expected + (alpha * (value - expected));
            trend = options.Trend == Trend.None ? 0 : (betaStar * (level - before)) + ((1 - betaStar) * phi * trend);
            return expected;
        }

        var part = season[place];
        var predicted = options.Season == Season.Additive ? expected + part : expected * part;
        level = (alpha * (options.Season == Season.Additive ? value - part : value / part)) + ((1 - alpha) * expected);
        trend = options.Trend == Trend.None ? 0 : (betaStar * (level - before)) + ((1 - betaStar) * phi * trend);
        season[place] = (gamma * (options.Season == Season.Additive ? value - expected : value / expected)) + ((1 - gamma) * part);
        place = (place + 1) % season.Length;
        return predicted;
    }
}
