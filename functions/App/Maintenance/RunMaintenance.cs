using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Pipeline.App.Runs;
using Pipeline.Medallion.Maintenance;

namespace Pipeline.App.Maintenance;

/// <summary>Looks after tables: list them, then table by table what is due, then record what was done.</summary>
public static class RunMaintenance
{
    // Runs of pipelines need the activity slots too.
    private const int TablesAtATime = 2;

    /// <summary>Looks after the tables that a request names. A table that fails does not stop the others.</summary>
    [Function(nameof(RunMaintenance))]
    public static async Task<MaintenanceFigures> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context, MaintenanceRequest request)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(request);
        var log = context.CreateReplaySafeLogger(typeof(RunMaintenance));
        var figures = new MaintenanceFigures();
        string? error = null;
        try
        {
            var count = await context.CallActivityAsync<int>(nameof(MaintenanceActivities.PlanMaintenance), request, Retries.OfTransientFailures);
            await FanOut.RunAsync(
                Enumerable.Range(0, count),
                async number =>
                {
                    // Not in one expression: the sum so far would be read before the wait, and another table's figures lost.
                    var table = await MaintainAsync(context, request, number);
                    figures = MaintenanceFigures.Add(figures, table);
                },
                TablesAtATime);
        }
        catch (TaskFailedException failure)
        {
            error = RunProgress.Shorten(failure.FailureDetails.ErrorMessage);
            log.NotMaintained(request.Id, failure.FailureDetails.ErrorType);
        }

        var end = new MaintenanceEnd { Id = request.Id, Error = error, Figures = figures };
        await context.CallActivityAsync(nameof(MaintenanceActivities.EndMaintenance), end, Retries.OfTransientFailures);
        return figures;
    }

    private static async Task<MaintenanceFigures> MaintainAsync(TaskOrchestrationContext context, MaintenanceRequest request, int number)
    {
        try
        {
            var work = new MaintenanceStep { Id = request.Id, Number = number };
            return await context.CallActivityAsync<MaintenanceFigures>(nameof(MaintenanceActivities.MaintainTable), work, Retries.OfTransientFailures);
        }
        catch (TaskFailedException)
        {
            // The activity has told the log which table it was.
            return new MaintenanceFigures { Tables = 1, Failed = 1 };
        }
    }
}
