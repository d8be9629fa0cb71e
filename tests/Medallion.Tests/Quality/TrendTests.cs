using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Tests.Quality;

/// <summary>Verdicts over time: timeliness, trend, what is unusual.</summary>
public sealed class TrendTests(MedallionFixture medallion)
{
    [Theory]
    [InlineData(new double[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, 5, 0.0)]
    [InlineData(new double[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, 15, 3.3725)]
    [InlineData(new double[] { 10, 10, 10, 10, 10, 10, 10, 10, 19 }, 20, 7.979)]
    [InlineData(new double[] { 10, 10, 10, 10, 10, 10, 10, 10 }, 11, double.PositiveInfinity)]
    [InlineData(new double[] { 10, 10, 10, 10, 10, 10, 10, 10 }, 9, double.NegativeInfinity)]
    [InlineData(new double[] { 10, 10, 10, 10, 10, 10, 10, 10 }, 10, null)]
    [InlineData(new double[] { 1, 2, 3 }, 100, null)]
    public void RobustDeviation_Of_IsTheModifiedZScore(double[] history, double value, double? expected)
    {
        var score = RobustDeviation.Of(history, value);

        Assert.Equal(expected is { } e && double.IsFinite(e) ? Math.Round(e, 3) : expected, score is { } s && double.IsFinite(s) ? Math.Round(s, 3) : score);
    }

    [Fact]
    public async Task Batches_UnlikeThoseBefore_AreWarnedOf()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var pipeline = (await QualityPipeline.CreateAsync(medallion, "id: {type: bigint}\nmail: {type: varchar}", "quality: {expected_every: 1d}")).On(medallion.Compose(clock));
        for (var day = 0; day < 12; day++)
        {
            await LandAsync(day, 100 + (day % 3), missing: 5);
            clock.Advance(TimeSpan.FromDays(1));
            await pipeline.SucceedAsync();
            Assert.Empty((await pipeline.VerdictAsync())["warnings"]!.AsArray());
        }

        await LandAsync(12, 10, missing: 9);
        clock.Advance(TimeSpan.FromDays(9));
        await pipeline.SucceedAsync();

        var warnings = (await pipeline.VerdictAsync())["warnings"]!.AsArray().Select(w => w!.GetValue<string>()).ToList();
        Assert.Equal(3, warnings.Count);
        Assert.Equal("10 rows, where the 11 batches before had 101 (median)", warnings[0]);
        Assert.StartsWith("90% of 'mail' is missing, where 4.95% was before", warnings[1], StringComparison.Ordinal);
        Assert.StartsWith("came 9.00:00:00 after the batch before, where 1.00:00:00 was usual", warnings[2], StringComparison.Ordinal);
        Assert.Equal(["3"], await pipeline.QueryAsync("select len(warnings) from gold._quality_batches order by judged_at desc limit 1"));

        var trend = await pipeline.Floor.GetRequiredService<QualityResults>().TrendAsync(pipeline.Name, TableKey.Parse("silver.f"), 5, TestContext.Current.CancellationToken);
        Assert.Equal([102L, 100L, 101L, 102L, 10L], trend.Select(t => t["rows"]!.GetValue<long>()));

        // Nothing came since: the age grows without a run.
        clock.Advance(TimeSpan.FromDays(4));
        var freshness = (await pipeline.VerdictAsync())["freshness"]!;
        Assert.True(freshness["isLate"]!.GetValue<bool>());
        Assert.Equal(0.25, freshness["timeliness"]!.GetValue<double>(), 2);

        Task LandAsync(int day, int rows, int missing) =>
            pipeline.LandAsync($"{day:00}.csv", $"id,mail\n{string.Concat(Enumerable.Range(0, rows).Select(i => $"{i},{(i < missing ? "" : "m")}\n"))}");
    }

    [Theory]
    [InlineData("2025-12-31", 1.0)]
    [InlineData("2025-12-30", 0.5)]
    [InlineData("2025-12-22", 0.1)]
    [InlineData("2027-01-01", null)]
    public async Task Timeliness_IsTheAgeAgainstWhatIsExpected(string day, double? expected)
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var pipeline = (await QualityPipeline.CreateAsync(medallion, "day: {type: date}", "quality: {expected_every: 1d, age_of: day}")).On(medallion.Compose(clock));
        await pipeline.LandAsync("f.csv", $"day\n2020-01-01\n{day}\n");

        await pipeline.SucceedAsync();

        Assert.Equal(expected ?? Math.Round(1 / 2192d, 6), (await pipeline.VerdictAsync()).Score("timeliness"));
    }
}
