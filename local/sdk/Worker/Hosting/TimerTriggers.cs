using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Runs the functions with a timer trigger when they are due, each one at a time: it never overlaps itself.</summary>
internal sealed class TimerTriggers(
    FunctionCatalog catalog, FunctionRunner runner, IServiceScopeFactory scopes, IConfiguration settings, TimeProvider time, ILogger<TimerTriggers> log)
    : IHostedService, IDisposable
{
    // A timer cannot wait much longer than 49 days.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

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
            await InvokeAsync(function, Info(isPastDue: false));
        }

        while (await WaitUntilAsync(due))
        {
            // A timer may ring a moment early; the due time then counts, or the same one would come again.
            var started = Now() > due ? Now() : due;
            var isPastDue = started - due >= TimeSpan.FromSeconds(1);
            last = started;
            due = schedule.Next(started);
            await InvokeAsync(function, Info(isPastDue));
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

    private async Task InvokeAsync(DiscoveredFunction function, TimerInfo info)
    {
        var policy = function.Retry;
        for (var retries = 0; ; retries++)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var attempt = policy is null ? null : new RetryAttempt(retries, policy.MaxRetryCount);
                await runner.RunAsync(new Invocation(function, info, new Dictionary<string, object?>(), scope.ServiceProvider, stopping.Token, attempt));
                return;
            }
            catch (Exception) when (policy is not null && policy.Allows(retries) && !stopping.IsCancellationRequested)
            {
                var delay = policy.Delay(retries);
                log.Retrying(function.Name, delay, retries + 1, policy.MaxRetryCount < 0 ? "any" : $"{policy.MaxRetryCount}");
                if (!await WaitUntilAsync(Now() + delay))
                {
                    return;
                }
            }
            catch (Exception)
            {
                // The runner has logged it; the timer goes on to its next due time.
                return;
            }
        }
    }
}
