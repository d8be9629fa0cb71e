using System.Globalization;

namespace Pipeline.App.Tests.Scheduling;

public sealed class ScheduleTimerTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    /// <summary>The app of these tests looks every few seconds.</summary>
    [Fact]
    public async Task Schedule_EverySecond_StartsRunsThatSucceed()
    {
        await northwind.App.DefineAsync("ticking", "schedule: {cron: '* * * * * *', time_zone: Europe/Zurich}");
        try
        {
            await UntilAsync(async () => (await Api.GetAsync("pipelines/ticking")).Body.GetProperty("schedule").TryGetProperty("lastRunId", out _));
        }
        finally
        {
            // The definition only: a run that goes on reads the file.
            await northwind.App.WriteAsync("pipelines", "ticking/pipeline.yaml", "name: ticking\nsources: {items: {connector: file, path: ticking/*.csv}}\nschedule: '0 0 0 1 1 *'");
        }

        var first = (await Api.GetAsync("runs?pipeline=ticking")).Body.EnumerateArray().Last().GetProperty("id").GetString()!;
        var run = await Api.FollowAsync(first);
        Assert.True(run.GetProperty("status").GetString() == "succeeded", $"{run}");
        await northwind.App.LogAsync(@"info: .*\[2100\] The run of ticking that was due at [\d-]+ [\d:]+Z is started: ticking\.\d+");
        await UntilAsync(async () => (await Api.GetAsync("pipelines/ticking")).Body.GetProperty("schedule").GetProperty("cron").GetString() == "0 0 0 1 1 *");
    }

    [Fact]
    public async Task GetPipeline_Scheduled_ShowsTheNextTime()
    {
        await northwind.App.DefineAsync("yearly", "schedule: {cron: '0 30 2 1 1 *', time_zone: Europe/Zurich, missed: skip}");

        var schedule = (await Api.GetAsync("pipelines/yearly")).Body.GetProperty("schedule");

        Assert.Equal("0 30 2 1 1 * Europe/Zurich skip", $"{schedule.GetProperty("cron")} {schedule.GetProperty("timeZone")} {schedule.GetProperty("missed")}");
        Assert.Equal("01-01 01:30:00", schedule.GetProperty("nextUtc").GetDateTimeOffset().ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        Assert.False(schedule.TryGetProperty("lastRunId", out _));
        Assert.False((await Api.GetAsync("pipelines/northwind")).Body.TryGetProperty("schedule", out _));
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await holds())
        {
            Assert.False(deadline.IsCancellationRequested, "It did not come true within 60 s.");
            await Task.Delay(100, CancellationToken.None);
        }
    }
}
