using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Prediction;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Learning;

/// <summary>Unusual values of a metric that are told by a step of a run.</summary>
public sealed class AnomalyRunTests(MedallionFixture medallion)
{
    private const string Sources = "sources: {f: {connector: file, path: $/*.csv, columns: {day: {type: date}, amount: {type: bigint}}}}\nmetrics: {total: {from: silver.f, expr: 'sum(amount)'}}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_Anomalies_AreToldOfTheirDayOfTheWeek()
    {
        // A Sunday like a weekday is unusual, and no Sunday is; on some days nothing happened.
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources}\nanomalies: {{total: {{metric: total, time: day, period: 7, threshold: 6}}}}");
        await pipeline.LandAsync("a.csv", Days(140, day => day == 125 ? 100 : day % 7 == 6 ? 1000 : 100, left: [33, 34]));
        var report = await pipeline.SucceedAsync();

        Assert.Equal((138, 138), (report["gold.total_anomalies"].RowsIn, report["gold.total_anomalies"].RowsOut));
        Assert.Equal(["2024-05-05|106"], await pipeline.QueryAsync("select time, value::int from gold.total_anomalies where anomaly"));
        Assert.Equal(["true"], await pipeline.QueryAsync("select expected between 950 and 1100 and score < -6 from gold.total_anomalies where anomaly"));
        Assert.Equal(["0"], await pipeline.QueryAsync("select count(*) from gold.total_anomalies where time < '2024-02-25' and score is not null"));
        Assert.Empty(await EventsAsync(pipeline));
        Assert.All((await pipeline.SucceedAsync()).Steps, s => Assert.Equal(StepStatus.Unchanged, s.Status));
    }

    [Fact]
    public async Task Run_NewestValueIsUnusual_PeopleAreToldOnce()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources}\nanomalies: {{total: {{metric: total, time: day, leave: 1}}}}");
        await pipeline.LandAsync("a.csv", Days(40, day => day == 38 ? 5000 : day == 39 ? 1 : 100, left: []));
        await pipeline.SucceedAsync();
        await pipeline.RunAsync(fullRefresh: true, "gold.total_anomalies");

        var told = Assert.Single(await EventsAsync(pipeline));

        Assert.Contains("total is 5002 at 2024-02-08 00:00, where 105 was usual", told.Message, StringComparison.Ordinal);
        Assert.Equal(["39|2024-02-08"], await pipeline.QueryAsync("select count(*), max(time) from gold.total_anomalies"));
    }

    [Fact]
    public async Task Run_FewValuesInALongTime_FailsItsStepWithTheReason()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources.Replace("date", "timestamp", StringComparison.Ordinal)}\nanomalies: {{total: {{metric: total, time: day, grain: minute}}}}");
        await pipeline.LandAsync("a.csv", "day,amount\n2024-01-01 00:00:00,1\n2024-12-01 00:00:00,1\n");

        var report = await pipeline.RunAsync();

        Assert.Contains("'total' has 2 values between 2024-01-01 00:00 and 2024-12-01 00:00, and one for most times was expected. Take a longer grain than minute", report["gold.total_anomalies"].Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metric: sum, time: day", "anomalies 'total' is of the metric 'sum', which this pipeline does not have: expected total")]
    [InlineData("metric: total, time: no", "time: silver.f has no column 'no'")]
    [InlineData("metric: total, time: day, grain: hour", "'day' is a date, which has no hour")]
    [InlineData("metric: total, time: day, seasons: 3", "'seasons' of anomalies 'total' is '3': expected a whole number from 8 to 1000")]
    [InlineData("metric: total, time: day, threshold: -1", "'threshold' of anomalies 'total' is '-1': expected a number above 0")]
    public async Task Define_AnomaliesThatCannotBe_AreRefused(string anomalies, string message)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources}\nanomalies: {{total: {{{anomalies}}}}}");

        Assert.Contains(message, (await pipeline.RefusedAsync()).Message, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<PipelineEvent>> EventsAsync(TestPipeline pipeline) =>
        (await pipeline.Floor.GetRequiredService<EventLog>().ReadAsync(new EventFilter { Type = MetricAnomalies.Event, Source = pipeline.Name }, 0, 100, Cancelled)).Events;

    private static string Days(int count, Func<int, int> value, IReadOnlyCollection<int> left)
    {
        var csv = new StringBuilder("day,amount\n");
        foreach (var day in Enumerable.Range(0, count).Except(left))
        {
            csv.Append(CultureInfo.InvariantCulture, $"{new DateOnly(2024, 1, 1).AddDays(day):yyyy-MM-dd},{value(day) + (day * 7 % 11)}\n");
        }

        return csv.ToString();
    }
}
