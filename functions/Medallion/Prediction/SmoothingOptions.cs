using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Prediction;

/// <summary>Whether a series has a trend.</summary>
public enum Trend
{
    /// <summary>None: forecasts stay at the last level.</summary>
    None,

    /// <summary>Holt's: it goes on as it is.</summary>
    Additive,

    /// <summary>It fades.</summary>
    Damped,
}

/// <summary>Whether a series repeats itself.</summary>
public enum Season
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Holt and Winters': so much more or less in each part of the season.</summary>
    Additive,

    /// <summary>So many times as much in each part of the season; for values above 0.</summary>
    Multiplicative,
}

/// <summary>What form exponential smoothing has.</summary>
public sealed record SmoothingOptions
{
    /// <summary>The trend.</summary>
    public Trend Trend { get; init; } = Trend.Additive;

    /// <summary>The season.</summary>
    public Season Season { get; init; } = Season.None;

    /// <summary>Values of a season, such as 7 of days or 12 of months; 1 without one.</summary>
    public int Period { get; init; } = 1;

    /// <summary>The share of values that a prediction interval is to hold, between 0 and 1.</summary>
    public double Coverage { get; init; } = 0.95;

    /// <summary>Of the simulated paths that give the intervals of a multiplicative season.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The least number of values that it can be fitted to.</summary>
    public int LeastValues => Season == Season.None ? (Trend == Trend.None ? 3 : 5) : Math.Max(2 * Period, Period + 5);

    internal void Check(ReadOnlySpan<double> values)
    {
        Require(Season == Season.None ? Period >= 1 : Period >= 2, $"a season {Season} of {Period} values", "a period of 2 or more");
        Require(Coverage is > 0 and < 1, FormattableString.Invariant($"a coverage of {Coverage}"), "a share between 0 and 1, such as 0.95");
        Require(values.Length >= LeastValues, $"{values.Length} values", $"at least {LeastValues} for this trend and season");
        for (var i = 0; i < values.Length; i++)
        {
            Require(double.IsFinite(values[i]), FormattableString.Invariant($"value {i + 1} is {values[i]}"), "finite numbers, one for each time without a gap");
            Require(Season != Season.Multiplicative || values[i] > 0, FormattableString.Invariant($"value {i + 1} is {values[i]}"), "values above 0 for a multiplicative season: take an additive one");
        }
    }

    private static void Require(bool holds, string found, string expected)
    {
        if (!holds)
        {
            throw new TerminalException($"exponential smoothing: {found}, expected: {expected}");
        }
    }
}
