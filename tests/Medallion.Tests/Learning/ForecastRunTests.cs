using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Learning;

/// <summary>A metric that is predicted by a step of a run.</summary>
public sealed class ForecastRunTests(MedallionFixture medallion)
{
    private const string Sources = "sources: {f: {connector: file, path: $/*.csv, columns: {day: {type: date}, amount: {type: bigint}}}}\nmetrics: {total: {from: silver.f, expr: 'sum(amount)'}}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_Forecast_GoesOnAsTheSeriesDid()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources}\nforecasts: {{total: {{metric: total, time: day, grain: month, trend: additive, season: additive, period: 4, leave: 1, horizon: 5}}}}");
        await pipeline.LandAsync("a.csv", Months(24));
        var report = await pipeline.SucceedAsync();

        var rows = await pipeline.AnswerAsync("select time, kind, value, low, high from gold.total_forecast order by time");

        Assert.Equal((24, 23 + 5), (report["gold.total_forecast"].RowsIn, report["gold.total_forecast"].RowsOut));
        Assert.Equal(["2022-01-01", "2023-11-01", "2023-12-01", "2024-04-01"], new[] { 0, 22, 23, 27 }.Select(i => (string?)rows.Rows[i][0]));
        Assert.All(rows.Rows.Skip(23), (row, step) =>
        {
            Assert.Equal("forecast", (string?)row[1]);
            Assert.Equal(Value(23 + step), row[2]!.GetValue<double>(), 1.0);
            Assert.True(row[3]!.GetValue<double>() <= row[2]!.GetValue<double>() && row[2]!.GetValue<double>() <= row[4]!.GetValue<double>());
        });
        var model = Assert.IsType<TrainedModel>(await pipeline.Floor.GetRequiredService<ModelRegistry>().FindAsync(pipeline.Name, "total", null, Cancelled));
        Assert.True(model.Card.Metrics["rmse"] < model.Card.Baseline["rmse"], Json.Write(model.Card));
        Assert.Contains("| rmse |", model.Card.ToMarkdown(), StringComparison.Ordinal);
        Assert.All((await pipeline.SucceedAsync()).Steps, s => Assert.Equal(StepStatus.Unchanged, s.Status));
    }

    [Theory]
    [InlineData("day,amount\n2024-01-01,1\n2024-02-01,2\n2024-04-01,3\n2024-05-01,3\n2024-06-01,3\n2024-07-01,3\n", "after 2024-02-01 00:00 comes 2024-04-01 00:00, and a value for each month was expected")]
    [InlineData("day,amount\n2024-01-01,1\n", "exponential smoothing: 1 values, expected: at least 5")]
    public async Task Run_SeriesThatCannotBe_FailsItsStepWithTheReason(string csv, string message)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources}\nforecasts: {{total: {{metric: total, time: day}}}}");
        await pipeline.LandAsync("a.csv", csv);

        var report = await pipeline.RunAsync();

        Assert.Equal(StepStatus.Failed, report["gold.total_forecast"].Status);
        Assert.Contains(message, report["gold.total_forecast"].Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metric: sum, time: day", "forecast 'total' is of the metric 'sum', which this pipeline does not have: expected total")]
    [InlineData("metric: total, time: no", "time: silver.f has no column 'no'")]
    [InlineData("metric: total, time: amount", "'amount' is a number (BIGINT): 'grain' is for dates and times")]
    [InlineData("metric: total, time: day, season: additive", "has 'season' without 'period'")]
    [InlineData("metric: total, time: day, coverage: 1.5", "'coverage' of forecast 'total' is '1.5': expected a number above 0 and below 1")]
    public async Task Define_ForecastThatCannotBe_IsRefused(string forecast, string message)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources}\nforecasts: {{total: {{{forecast}}}}}");

        Assert.Contains(message, (await pipeline.RefusedAsync()).Message, StringComparison.Ordinal);
    }

    private static double Value(int month) => 1000 + (10 * month) + (month % 4 * 100);

    private static string Months(int count)
    {
        var csv = new StringBuilder("day,amount\n");
        for (var month = 0; month < count; month++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{new DateOnly(2022, 1, 15).AddMonths(month):yyyy-MM-dd},{(long)Value(month)}\n");
        }

        return csv.ToString();
    }
}
