using Pipeline.Lakehouse;
using Pipeline.Medallion.Clustering;

namespace Pipeline.Medallion.Tests.Clustering;

public sealed class AnomalyThresholdTests
{
    [Fact]
    public void Of_TwoClusters_HasMedianAndDeviationOfEach()
    {
        // Cluster 0: 1 to 9, median 5, deviations 0 1 1 2 2 3 3 4 4: MAD 2. Cluster 1: ten times as far, with one far outside.
        ushort[] labels = [.. Enumerable.Range(0, 20).Select(i => (ushort)(i < 9 ? 0 : 1))];
        float[] distances = [9, 1, 8, 2, 7, 3, 6, 4, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 5000];
        var thresholds = AnomalyThreshold.Of(labels, distances, k: 2, factor: 3);

        Assert.Equal((9, 5.0, 1.4826 * 2), (thresholds[0].Rows, thresholds[0].Median, thresholds[0].Deviation));
        Assert.Equal(5 + (3 * 1.4826 * 2), thresholds[0].Threshold!.Value, 1e-9);
        Assert.Equal((60, 30 * 1.4826), (thresholds[1].Median, thresholds[1].Deviation));
        Assert.Equal([19], Enumerable.Range(0, 20).Where(i => thresholds[labels[i]].IsAnomaly(distances[i])));
        Assert.Equal((5000 - 60) / (30 * 1.4826), thresholds[1].Score(5000)!.Value, 1e-9);
    }

    [Fact]
    public void Of_MostDistancesTheSame_TakesTheMeanDeviation()
    {
        float[] distances = [2, 2, 2, 2, 2, 2, 2, 2, 2, 22];
        var threshold = AnomalyThreshold.Of(new ushort[10], distances, k: 1)[0];

        Assert.Equal(1.2533 * 2, threshold.Deviation, 1e-9);
        Assert.True(threshold.IsAnomaly(22));
        Assert.False(threshold.IsAnomaly(2));
    }

    [Fact]
    public void Of_TooFewOrEquallyFarRows_HaveNoThreshold()
    {
        // Five rows; none; ten that all lie at 3.
        ushort[] labels = [0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2];
        float[] distances = [1, 2, 3, 4, 900, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3];
        var thresholds = AnomalyThreshold.Of(labels, distances, k: 3);

        Assert.Equal([null, null, null], thresholds.Select(t => t.Threshold));
        Assert.Equal([5, 0, 10], thresholds.Select(t => t.Rows));
        Assert.All(thresholds, t => Assert.False(t.IsAnomaly(1e9)));
        Assert.Null(thresholds[0].Score(900));

        // A registered model is read again as it was.
        Assert.Equal(thresholds, Json.Read<IReadOnlyList<AnomalyThreshold>>(Json.Write(thresholds)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(double.NaN)]
    public void Of_FactorThatIsNone_IsRefused(double factor) =>
        Assert.Contains("a number above 0", Assert.Throws<TerminalException>(() => AnomalyThreshold.Of([], [], 1, factor)).Message, StringComparison.Ordinal);
}
