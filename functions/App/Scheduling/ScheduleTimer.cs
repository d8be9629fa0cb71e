using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Pipeline.App.Audit;
using Pipeline.App.Runs;
using Pipeline.Medallion.Audit;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Scheduling;

namespace Pipeline.App.Scheduling;

/// <summary>The one timer of all schedules.</summary>
public sealed class ScheduleTimer(DueRuns due, RunControl runs, AuditLog audit, ILogger<ScheduleTimer> logger)
{
    /// <summary>Starts the runs that are due. How often it looks is the setting <c>Scheduling__Timer</c>; what the timer itself misses is in the schedules' state.</summary>
    [Function(nameof(StartDueRuns))]
    public async Task StartDueRuns([TimerTrigger("%Scheduling:Timer%", UseMonitor = false)] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        foreach (var told in await due.StartAsync((pipeline, token) => runs.StartAsync(client, RunRequest.For(pipeline), token), cancellationToken))
        {
            logger.Tell(told);
            if (AuditedOperations.Of(told) is { } entry)
            {
                await audit.TryAppendAsync(entry, cancellationToken);
            }
        }
    }
}
