using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Tests.Sources.Database;

public sealed class SplitRangesTests
{
    [Theory]
    [InlineData("1", "100", 4, false, "25,50,75")]
    [InlineData("-10.5", "10.5", 3, false, "-4,3")]
    [InlineData("1", "2", 10, false, "")]
    [InlineData("5", "5", 4, false, "")]
    [InlineData("1", "1e40", 4, false, "")]
    [InlineData("2026-01-01", "2026-01-09", 4, true, "2026-01-03,2026-01-05,2026-01-07")]
    [InlineData("2026-01-01 10:00:00.5+00", "2026-01-03 09:00:00+00", 2, true, "2026-01-02")]
    [InlineData("0044-03-15 BC", "2026-01-09", 4, true, "")]
    public void Cut_Bounds_GivesRangesOfTheSameWidth(string low, string high, int parts, bool isTime, string expected) =>
        Assert.Equal(expected, string.Join(',', SplitRanges.Cut(low, high, parts, isTime)));
}
