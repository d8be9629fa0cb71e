using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Scheduling;

namespace Pipeline.Medallion.Tests.Scheduling;

public sealed class DueRunsTests : IAsyncLifetime
{
    private readonly string pipeline = TestPipeline.FreshName();
    private readonly ManualClock clock = new();
    private readonly ScheduleStore store;
    private readonly RunStore runs;
    private readonly DueRuns due;
    private ScheduleDefinition schedule = new() { Cron = "0 0 * * * *", Line = default };
    private bool goingOn;

    public DueRunsTests(MedallionFixture medallion)
    {
        var floor = medallion.Compose(clock);
        (store, runs, due) = (floor.GetRequiredService<ScheduleStore>(), floor.GetRequiredService<RunStore>(), floor.GetRequiredService<DueRuns>());

        // Half past some hour: the next time is half an hour away.
        clock.Advance(TimeSpan.FromMinutes(90) - (clock.GetUtcNow() - new DateTimeOffset(clock.GetUtcNow().Date.AddHours(clock.GetUtcNow().Hour), TimeSpan.Zero)));
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await store.CreateAsync(Cancelled);
        Assert.Null(await TickAsync());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Tick_Repeated_StartsADueRunOnce()
    {
        clock.Advance(TimeSpan.FromMinutes(29));
        Assert.Null(await TickAsync());
        clock.Advance(TimeSpan.FromMinutes(1.5));

        var started = await TickAsync();
        var again = await TickAsync();

        Assert.Equal(DueOutcome.Started, started?.Outcome);
        Assert.Null(again);
        var state = await StateAsync();
        Assert.Equal((clock.GetUtcNow(), started?.RunId, started?.DueUtc), ((DateTimeOffset, string?, DateTimeOffset?))(state.StartedUtc ?? default, state.RunId, state.SettledUtc));
        Assert.Single(await runs.ListAsync(pipeline, 10, Cancelled));
    }

    [Fact]
    public async Task Tick_TwentyAtOnce_StartADueRunOnce()
    {
        clock.Advance(TimeSpan.FromHours(1));

        var told = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TickAsync()));

        Assert.Equal(DueOutcome.Started, Assert.Single(told, t => t is not null)?.Outcome);
        Assert.Single(await runs.ListAsync(pipeline, 10, Cancelled));
    }

    [Fact]
    public async Task Tick_AppWasDown_OneRunMakesUpForAllTimes()
    {
        clock.Advance(TimeSpan.FromHours(50));

        var told = await TickAsync();

        Assert.Equal(DueOutcome.Started, told?.Outcome);
        Assert.Null(await TickAsync());
        Assert.Single(await runs.ListAsync(pipeline, 10, Cancelled));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(DueOutcome.Started, (await TickAsync())?.Outcome);
    }

    [Fact]
    public async Task Tick_AppWasDownAndMissedTimesAreSkipped_TheNextTimeCounts()
    {
        schedule = schedule with { Missed = MissedRuns.Skip };
        clock.Advance(TimeSpan.FromHours(50));

        var told = await TickAsync();

        Assert.Equal(DueOutcome.Skipped, told?.Outcome);
        Assert.Null(await TickAsync());
        Assert.Empty(await runs.ListAsync(pipeline, 10, Cancelled));
        clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(DueOutcome.Started, (await TickAsync())?.Outcome);
    }

    [Fact]
    public async Task Tick_RunGoesOn_WaitsForItsEndAndTellsOnce()
    {
        clock.Advance(TimeSpan.FromHours(1));
        var first = await TickAsync();
        goingOn = true;
        clock.Advance(TimeSpan.FromHours(1));

        var waits = await TickAsync();
        clock.Advance(TimeSpan.FromMinutes(10));
        var still = await TickAsync();
        goingOn = false;
        clock.Advance(TimeSpan.FromMinutes(10));
        var second = await TickAsync();

        Assert.Equal((DueOutcome.Waits, first?.RunId), (waits?.Outcome, waits?.RunId));
        Assert.Null(still);
        Assert.Equal((DueOutcome.Started, waits?.DueUtc), (second?.Outcome, second?.DueUtc));
        Assert.Null(await TickAsync());
    }

    [Fact]
    public async Task Tick_RunGoesOnAndMissedTimesAreSkipped_IsSkippedNamingTheRun()
    {
        schedule = schedule with { Missed = MissedRuns.Skip };
        clock.Advance(TimeSpan.FromMinutes(31));
        var first = await TickAsync();
        goingOn = true;
        clock.Advance(TimeSpan.FromHours(1));

        var skipped = await TickAsync();
        goingOn = false;
        var after = await TickAsync();

        Assert.Equal((DueOutcome.Skipped, first?.RunId), (skipped?.Outcome, skipped?.RunId));
        Assert.Null(after);
    }

    [Fact]
    public async Task Tick_ScheduleChanged_BeginsAnew()
    {
        clock.Advance(TimeSpan.FromHours(5));
        schedule = schedule with { Cron = "0 15 * * * *" };

        Assert.Null(await TickAsync());
        Assert.Empty(await runs.ListAsync(pipeline, 10, Cancelled));
        clock.Advance(TimeSpan.FromMinutes(46));
        Assert.Equal(DueOutcome.Started, (await TickAsync())?.Outcome);
    }

    [Fact]
    public async Task Tick_ScheduleTakenAwayAndPutBack_BeginsAnew()
    {
        Assert.Null(await TickAsync(without: true));
        clock.Advance(TimeSpan.FromHours(5));

        Assert.Null(await TickAsync());

        Assert.Empty(await runs.ListAsync(pipeline, 10, Cancelled));
    }

    [Fact]
    public async Task Tick_StartFails_IsTriedAgain()
    {
        clock.Advance(TimeSpan.FromHours(1));
        await Assert.ThrowsAsync<TransientException>(() => TickAsync(start: (_, _) => throw new TransientException("No answer.")));

        Assert.Equal(DueOutcome.Started, (await TickAsync())?.Outcome);
    }

    /// <summary>The instance ends at the worst moment: after it began, before or after the run was there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tick_InstanceEndedWhileItStarted_AnotherDoesTheRest(bool afterTheRunWasThere)
    {
        clock.Advance(TimeSpan.FromHours(1));
        var hung = new TaskCompletionSource<RunClaim>();
        var reached = new TaskCompletionSource();
        _ = TickAsync(start: async (_, _) =>
        {
            if (afterTheRunWasThere)
            {
                await ClaimAsync();
            }

            reached.SetResult();
            return await hung.Task;
        });
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancelled);

        var soon = await TickAsync();
        clock.Advance(TimeSpan.FromMinutes(3));
        var later = await TickAsync();

        Assert.Null(soon);
        var run = Assert.Single(await runs.ListAsync(pipeline, 10, Cancelled));
        Assert.Equal((DueOutcome.Started, run.Id), (later?.Outcome, later?.RunId));
        Assert.Null(await TickAsync());
    }

    private Task<RunClaim> ClaimAsync() => runs.ClaimAsync(RunRequest.For(pipeline), (_, _) => Task.FromResult<bool?>(goingOn), Cancelled);

    private async Task<DueRun?> TickAsync(bool without = false, Func<string, CancellationToken, Task<RunClaim>>? start = null) =>
        await due.StartAsync(pipeline, without ? null : schedule, await store.FindAsync(pipeline, Cancelled), start ?? ((_, _) => ClaimAsync()), Cancelled);

    private async Task<ScheduleState> StateAsync() => Assert.IsType<ScheduleState>(await store.FindAsync(pipeline, Cancelled));
}
