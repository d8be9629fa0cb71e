using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Maintenance;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Maintenance;

/// <summary>There is no maintenance of that id.</summary>
public sealed class UnknownMaintenanceException(string id) : TerminalException($"There is no maintenance '{id}'. GET /api/maintenance lists those there are.");

/// <summary>Starts and shows maintenances: their records, and the orchestrations that do them.</summary>
public sealed class MaintenanceControl(LakeMaintenance maintenance, MaintenanceStore store, ILogger<MaintenanceControl> logger)
{
    /// <summary>Starts one. Several may go on at once: they lose races against each other as they do against runs.</summary>
    public async Task<string> StartAsync(DurableTaskClient client, MaintenanceRequest request, CancellationToken cancellationToken)
    {
        var begun = await maintenance.BeginAsync(request, cancellationToken);
        await client.ScheduleNewOrchestrationInstanceAsync(nameof(RunMaintenance), begun, new StartOrchestrationOptions(begun.Id), cancellationToken);
        logger.Accepted(begun.Id, begun.Pipeline ?? "all pipelines", begun.DryRun);
        return begun.Id;
    }

    /// <summary>One with what it did to each table.</summary>
    /// <exception cref="UnknownMaintenanceException">There is none of that id.</exception>
    public async Task<MaintenanceRecord> FindAsync(DurableTaskClient client, string id, CancellationToken cancellationToken)
    {
        var found = await store.FindAsync(id, cancellationToken) ?? throw new UnknownMaintenanceException(id);
        if (found.Status != RunStatus.Running || await IsGoingOnAsync(client, found, cancellationToken))
        {
            return found;
        }

        // It was stopped from outside, or the app ended right after it was asked for.
        await store.EndAsync(id, RunStatus.Failed, "The maintenance ended before it was done. Start a new one.", found.Figures, cancellationToken);
        return await store.FindAsync(id, cancellationToken) ?? throw new UnknownMaintenanceException(id);
    }

    private static async Task<bool> IsGoingOnAsync(DurableTaskClient client, MaintenanceRecord found, CancellationToken cancellationToken) =>
        await client.GetInstanceAsync(found.Id, cancellationToken) is { } instance ? !instance.IsCompleted : found.Seconds < RunStore.GraceOfUnscheduled.TotalSeconds;
}
