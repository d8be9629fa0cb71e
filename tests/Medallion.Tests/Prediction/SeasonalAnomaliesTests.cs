using Pipeline.Lakehouse;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Prediction;

namespace Pipeline.Medallion.Tests.Prediction;

public sealed class SeasonalAnomaliesTests
{
    [Fact]
    public void Score_WeeklyMetricThatGrows_FindsOnlyWhatIsUnusualForItsDay()
    {
        // Sundays are ten times the other days; a Sunday like a weekday, and a weekday like a Sunday, are unusual.
        var random = new SplitMix(4);
        double[] values = [.. Enumerable.Range(0, 140).Select(i => (i % 7 == 6 ? 1000 : 100) + (0.3 * i) + random.NextNormal())];
        (values[125], values[129]) = (values[129], values[125]);
        var scores = SeasonalAnomalies.Score(values, new SeasonalOptions { Period = 7, Threshold = 6 });

        Assert.Equal([125, 129], scores.Where(s => s.IsAnomaly).Select(s => s.Index));
        Assert.True(scores[125].Score < 0);
        Assert.True(scores[129].Score > 0);
    }

    [Fact]
    public void Score_MoreValues_ChangeNoVerdict()
    {
        var random = new SplitMix(4);
        double[] values = [.. Enumerable.Range(0, 120).Select(_ => random.NextNormal())];
        var options = new SeasonalOptions { Period = 3 };

        Assert.Equal(SeasonalAnomalies.Score(values, options).Take(100), SeasonalAnomalies.Score(values.AsSpan(0, 100), options));
    }

    [Fact]
    public void Score_LittleIsKnown_ToldNothing()
    {
        var scores = SeasonalAnomalies.Score([1, 2, 3, 900], new SeasonalOptions());
        Assert.All(scores, s => Assert.Null(s.Score));
        Assert.All(scores, s => Assert.False(s.IsAnomaly));
        Assert.Empty(SeasonalAnomalies.Score([], new SeasonalOptions()));
    }

    [Fact]
    public void Score_ValuesThatAreMissing_AreLeftOut()
    {
        var random = new SplitMix(6);
        double[] values = [.. Enumerable.Range(0, 60).Select(i => i % 5 == 3 ? double.NaN : random.NextNormal())];
        values[59] = 50;
        var scores = SeasonalAnomalies.Score(values, new SeasonalOptions());

        Assert.Equal([59], scores.Where(s => s.IsAnomaly).Select(s => s.Index));
        Assert.Null(scores[58].Score);
    }

    [Fact]
    public void Score_OptionsThatAreNone_AreRefused() =>
        Assert.Contains("a season of 0 values", Assert.Throws<TerminalException>(() => SeasonalAnomalies.Score([1], new SeasonalOptions { Period = 0 })).Message, StringComparison.Ordinal);
}
