using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Pipeline.Medallion.Maintenance;

namespace Pipeline.App.Maintenance;

/// <summary>The table of a maintenance that an activity looks after.</summary>
public sealed record MaintenanceStep
{
    /// <summary>The maintenance's id.</summary>
    public required string Id { get; init; }

    /// <summary>The table's number in the plan, from 0.</summary>
    public required int Number { get; init; }
}

/// <summary>How a maintenance ended.</summary>
public sealed record MaintenanceEnd
{
    /// <summary>The maintenance's id.</summary>
    public required string Id { get; init; }

    /// <summary>Why it failed as a whole; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>What was done.</summary>
    public required MaintenanceFigures Figures { get; init; }
}

/// <summary>The activities of a maintenance. Each may run more than once for the same work.</summary>
public sealed class MaintenanceActivities(LakeMaintenance maintenance, ILogger<MaintenanceActivities> logger)
{
    /// <summary>Lists the tables.</summary>
    [Function(nameof(PlanMaintenance))]
    public Task<int> PlanMaintenance([ActivityTrigger] MaintenanceRequest request, FunctionContext context) => maintenance.PlanAsync(request, context.CancellationToken);

    /// <summary>Looks after one table.</summary>
    [Function(nameof(MaintainTable))]
    public async Task<MaintenanceFigures> MaintainTable([ActivityTrigger] MaintenanceStep step, FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(step);
        var invocation = context.InvocationId.Replace("-", "", StringComparison.Ordinal);
        var report = await maintenance.MaintainAsync(step.Id, step.Number, invocation, context.CancellationToken);
        foreach (var done in report.Operations)
        {
            logger.Tell(step.Id, report, done);
        }

        return MaintenanceFigures.Of(report);
    }

    /// <summary>Records how it ended.</summary>
    [Function(nameof(EndMaintenance))]
    public async Task EndMaintenance([ActivityTrigger] MaintenanceEnd end, FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(end);
        await maintenance.EndAsync(end.Id, end.Error, end.Figures, context.CancellationToken);
        logger.Ended(end.Id, end.Figures);
    }
}
