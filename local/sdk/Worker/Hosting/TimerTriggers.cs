using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Runs the functions with a timer trigger when they are due, each one at a time: it never overlaps itself.</summary>
internal sealed class TimerTriggers(
    FunctionCatalog catalog, RetriedRunner runner, IConfiguration settings, TimeProvider time) : IHostedService, IDisposable
{
    // A timer cannot wait much longer than 49 days.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private static readonly Dictionary<string, object?> NoData = [];

    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var timers = catalog.With<TimerTriggerAttribute>().Select(timer =>
        {
            var where = $"Function '{timer.Function.Name}'";
            return (timer.Function, timer.Trigger, Schedule: new TimerSchedule(Setting.Resolve(timer.Trigger.Schedule, settings, where), where));
        }).ToList();
        running = Task.WhenAll(timers.Select(timer => Task.Run(() => RunAsync(timer.Function, timer.Trigger, timer.Schedule), CancellationToken.None)));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => stopping.Dispose();

    private DateTime Now() => time.GetUtcNow().UtcDateTime;

    private async Task RunAsync(DiscoveredFunction function, TimerTriggerAttribute trigger, TimerSchedule schedule)
    {
        var last = default(DateTime);
        var due = schedule.Next(Now());
        if (trigger.RunOnStartup)
        {
            last = Now();
            await runner.RunAsync(function, Info(isPastDue: false), NoData, stopping.Token);
        }

        while (await WaitUntilAsync(due))
        {
            // A timer may ring a moment early; the due time then counts, or the same one would come again.
            var started = Now() > due ? Now() : due;
            var isPastDue = started - due >= TimeSpan.FromSeconds(1);
            last = started;
            due = schedule.Next(started);
            await runner.RunAsync(function, Info(isPastDue), NoData, stopping.Token);
        }

        TimerInfo Info(bool isPastDue) => new()
        {
            IsPastDue = isPastDue,
            ScheduleStatus = trigger.UseMonitor ? new ScheduleStatus { Last = last, Next = due, LastUpdated = last } : null,
        };
    }

    /// <summary>True at the due time, false when the host stops.</summary>
    private async Task<bool> WaitUntilAsync(DateTime due)
    {
        try
        {
            while (due - Now() is var left && left > TimeSpan.Zero)
            {
                await Task.Delay(left < LongestWait ? left : LongestWait, time, stopping.Token);
            }

            return !stopping.IsCancellationRequested;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
