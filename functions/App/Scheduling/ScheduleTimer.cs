using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Pipeline.App.Runs;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Scheduling;

namespace Pipeline.App.Scheduling;

/// <summary>The one timer of all schedules.</summary>
public sealed class ScheduleTimer(DueRuns due, RunControl runs, ILogger<ScheduleTimer> logger)
{
    /// <summary>Starts the runs that are due. How often it looks is the setting <c>Scheduling__Timer</c>; what the timer itself misses is in the schedules' state.</summary>
    [Function(nameof(StartDueRuns))]
    public async Task StartDueRuns([TimerTrigger("%Scheduling:Timer%", UseMonitor = false)] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        foreach (var told in await due.StartAsync((pipeline, token) => runs.StartAsync(client, RunRequest.For(pipeline), token), cancellationToken))
        {
            logger.Tell(told);
        }
    }
}
