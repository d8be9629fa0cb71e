using System.Threading.Channels;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pipeline.Sdk.Tests.Worker;

public sealed class TimerTriggersTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 30, TimeSpan.Zero);

    private readonly ManualClock clock = new(Start);
    private readonly Calls calls = new();

    public void Dispose() => clock.Dispose();

    [Fact]
    public async Task Timer_Schedule_RunsAtEveryDueTime()
    {
        await using var app = await StartAsync(typeof(EveryFiveMinutes));
        foreach (var minute in (int[])[5, 10, 15])
        {
            await clock.TimerSetAsync();
            clock.Advance(TimeSpan.FromMinutes(minute) - (clock.GetUtcNow() - Start.AddSeconds(-30)));
            var call = await calls.NextAsync();
            Assert.False(call.Info.IsPastDue);
            Assert.Equal(Start.AddSeconds(-30).AddMinutes(minute), call.At);
            Assert.Equal(new DateTime(2026, 3, 1, 0, minute + 5, 0), call.Info.ScheduleStatus?.Next);
        }

        Assert.Equal(0, calls.Waiting);
    }

    [Fact]
    public async Task Timer_StillRunningWhenDue_DoesNotOverlapAndCatchesUpOnce()
    {
        calls.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(typeof(EveryFiveMinutes));
        await clock.TimerSetAsync();
        clock.Advance(TimeSpan.FromMinutes(4.5));
        await calls.NextAsync();
        clock.Advance(TimeSpan.FromMinutes(17));
        Assert.Equal(0, calls.Waiting);

        calls.Hold.SetResult();

        var late = await calls.NextAsync();
        Assert.True(late.Info.IsPastDue);
        Assert.Equal(new DateTime(2026, 3, 1, 0, 25, 0), late.Info.ScheduleStatus?.Next);
        await clock.TimerSetAsync();
        Assert.Equal(0, calls.Waiting);
    }

    [Fact]
    public async Task Timer_RunOnStartup_RunsAtOnceAndThenOnSchedule()
    {
        await using var app = await StartAsync(typeof(OnStartup));
        Assert.Equal(Start, (await calls.NextAsync()).At);
        await clock.TimerSetAsync();
        clock.Advance(TimeSpan.FromHours(1));
        var call = await calls.NextAsync();
        Assert.Equal(Start.AddHours(1), call.At);
        Assert.Null(call.Info.ScheduleStatus);
    }

    [Fact]
    public async Task Timer_RetryPolicy_RepeatsAfterTheDelayUntilItSucceeds()
    {
        calls.Failures = 2;
        await using var app = await StartAsync(typeof(Retried));
        for (var retry = 0; retry <= 2; retry++)
        {
            await clock.TimerSetAsync();
            clock.Advance(retry == 0 ? TimeSpan.FromSeconds(30) : TimeSpan.FromSeconds(10));
            var call = await calls.NextAsync();
            Assert.Equal(retry, call.Retry?.RetryCount);
            Assert.Equal(3, call.Retry?.MaxRetryCount);
            Assert.Equal(Start.AddSeconds(30 + (10 * retry)), call.At);
        }

        await clock.TimerSetAsync();
        Assert.Equal(2, app.Log.Entries.Count(entry => entry.Level == LogLevel.Error));
        Assert.Equal(0, calls.Waiting);
    }

    [Fact]
    public async Task Timer_FailsWithoutPolicy_RunsAgainAtTheNextDueTime()
    {
        calls.Failures = 1;
        await using var app = await StartAsync(typeof(EveryFiveMinutes));
        for (var run = 0; run < 2; run++)
        {
            await clock.TimerSetAsync();
            clock.Advance(TimeSpan.FromMinutes(5));
            Assert.Null((await calls.NextAsync()).Retry);
        }
    }

    [Theory]
    [InlineData("0 30 9 * * 1-5", "2026-03-02T09:30:00")]
    [InlineData("*/10 * * * * *", "2026-03-01T00:00:40")]
    [InlineData("15 14 1 * *", "2026-03-01T14:15:00")]
    [InlineData("00:01:30", "2026-03-01T00:02:00")]
    public void Next_Expression_IsTheFirstDueTimeAfter(string expression, string expected) =>
        Assert.Equal(expected, new TimerSchedule(expression, "test").Next(Start.UtcDateTime).ToString("s", null));

    [Fact]
    public void Delay_Exponential_DoublesFromMinimumToMaximum()
    {
        var policy = new ExponentialBackoffRetryAttribute(-1, "00:00:01", "00:00:30");
        Assert.InRange(policy.Delay(0).TotalSeconds, 1, 1.2);
        Assert.InRange(policy.Delay(3).TotalSeconds, 8, 9.6);
        Assert.Equal(TimeSpan.FromSeconds(30), policy.Delay(1000));
        Assert.True(policy.Allows(1_000_000));
    }

    private Task<RunningApp> StartAsync(Type functions) => RunningApp.StartAsync(
        [functions],
        app => app.Services.AddSingleton<TimeProvider>(clock).AddSingleton(calls),
        localSettings: """{ "Values": { "Timer__Schedule": "0 */5 * * * *" } }""");

    public sealed record Call(DateTimeOffset At, TimerInfo Info, RetryContext? Retry);

    public sealed class Calls
    {
        private readonly Channel<Call> channel = Channel.CreateUnbounded<Call>();

        public int Failures { get; set; }

        public TaskCompletionSource? Hold { get; set; }

        public int Waiting => channel.Reader.Count;

        public async Task<Call> NextAsync() => await channel.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        public async Task RecordAsync(Call call)
        {
            var fail = Failures-- > 0;
            channel.Writer.TryWrite(call);
            await (Hold?.Task ?? Task.CompletedTask);
            if (fail)
            {
                throw new InvalidOperationException("as asked");
            }
        }
    }

    public sealed class EveryFiveMinutes(Calls calls, TimeProvider time)
    {
        [Function("EveryFiveMinutes")]
        public Task Run([TimerTrigger("%Timer__Schedule%")] TimerInfo timer, FunctionContext context) =>
            calls.RecordAsync(new(time.GetUtcNow(), timer, context.RetryContext));
    }

    public sealed class OnStartup(Calls calls, TimeProvider time)
    {
        [Function("OnStartup")]
        public Task Run([TimerTrigger("01:00:00", RunOnStartup = true, UseMonitor = false)] TimerInfo timer) =>
            calls.RecordAsync(new(time.GetUtcNow(), timer, null));
    }

    public sealed class Retried(Calls calls, TimeProvider time)
    {
        [Function("Retried")]
        [FixedDelayRetry(3, "00:00:10")]
        public Task Run([TimerTrigger("0 */1 * * * *")] TimerInfo timer, FunctionContext context) =>
            calls.RecordAsync(new(time.GetUtcNow(), timer, context.RetryContext));
    }
}
