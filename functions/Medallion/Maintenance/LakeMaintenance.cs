using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Maintenance;

/// <summary>The work of a maintenance's activities. Each may be called again with the same work.</summary>
public sealed class LakeMaintenance
{
    private readonly DefinitionStore definitions;
    private readonly LakeTables tables;
    private readonly TableMaintenance maintenance;
    private readonly MaintenanceStore store;
    private readonly EventLog events;

    internal LakeMaintenance(DefinitionStore definitions, LakeTables tables, TableMaintenance maintenance, MaintenanceStore store, EventLog events) =>
        (this.definitions, this.tables, this.maintenance, this.store, this.events) = (definitions, tables, maintenance, store, events);

    /// <summary>Notes a request and gives it its id.</summary>
    /// <exception cref="UnknownPipelineException">There is neither a definition nor a table of that pipeline.</exception>
    /// <exception cref="UnknownTableException">The pipeline has no such table.</exception>
    public async Task<MaintenanceRequest> BeginAsync(MaintenanceRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Pipeline is { } pipeline)
        {
            var there = (await tables.ListAsync(pipeline, cancellationToken)).Select(t => t.Table).ToList();
            var known = await definitions.ListAsync(cancellationToken);
            if (there.Count == 0 && !known.Contains(pipeline))
            {
                throw new UnknownPipelineException(pipeline, known);
            }

            if (request.Tables.Where(t => !there.Contains(t)).Select(t => t.ToString()).FirstOrDefault() is { } unknown)
            {
                throw new UnknownTableException($"Pipeline '{pipeline}' has no table {unknown}. GET /api/tables lists those there are.");
            }
        }

        return await store.BeginAsync(request, cancellationToken);
    }

    /// <summary>Lists the tables, each with what is done to it. Where it is about all pipelines, old events go at once.</summary>
    /// <returns>How many there are; their work lies in the maintenance's folder.</returns>
    public async Task<int> PlanAsync(MaintenanceRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request is { Pipeline: null, DryRun: false })
        {
            await events.TrimAsync(cancellationToken);
        }

        var folder = new RunFolder(tables.Lake, request.Id);
        var settings = new Dictionary<string, MaintenanceDefinition?>();
        var count = 0;
        foreach (var (pipeline, table) in await tables.ListAsync(request.Pipeline, cancellationToken))
        {
            if (!TableKey.TryParse(table.ToString(), out _) || (request.Tables.Count > 0 && !request.Tables.Contains(table)))
            {
                continue;
            }

            if (!settings.TryGetValue(pipeline, out var definition))
            {
                settings[pipeline] = definition = await DefinitionAsync(pipeline, cancellationToken);
            }

            await folder.WriteAsync(WorkName(count++), WorkOf(request, pipeline, table, definition ?? new MaintenanceDefinition()), cancellationToken);
        }

        await store.PlanAsync(request.Id, count, cancellationToken);
        return count;
    }

    /// <summary>Looks after the table of that number, and notes what was done.</summary>
    public async Task<TableReport> MaintainAsync(string id, int number, string invocation, CancellationToken cancellationToken)
    {
        var work = await new RunFolder(tables.Lake, id).ReadAsync<TableWork>(WorkName(number), cancellationToken);
        var report = await maintenance.RunAsync(work, invocation, cancellationToken);
        await store.ReportAsync(id, report, cancellationToken);
        return report;
    }

    /// <summary>Closes a maintenance and deletes its folder.</summary>
    public async Task EndAsync(string id, string? error, MaintenanceFigures figures, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(figures);
        await store.EndAsync(id, error is null && figures.Failed == 0 ? RunStatus.Succeeded : RunStatus.Failed, error, figures, cancellationToken);
        await new RunFolder(tables.Lake, id).DeleteAsync(cancellationToken);
    }

    private static string WorkName(int number) => string.Create(CultureInfo.InvariantCulture, $"table-{number:D5}.json");

    private static TableWork WorkOf(MaintenanceRequest request, string pipeline, TableKey table, MaintenanceDefinition definition)
    {
        var retention = definition.Retention.FirstOrDefault(r => r.Table == table)?.Age;
        var wanted = Enum.GetValues<MaintenanceOperation>()
            .Where(o => request.Operations.Count == 0 || request.Operations.Contains(o))
            .Where(o => o switch { MaintenanceOperation.Retention => retention is not null, MaintenanceOperation.Optimize => definition.Optimize, _ => true });
        return new TableWork { Pipeline = pipeline, Table = table, Operations = [.. wanted], DryRun = request.DryRun, TargetSizeBytes = definition.TargetSizeBytes, Retention = retention };
    }

    // Tables whose definition is gone or cannot work are looked after all the same; only nothing of them is removed.
    private async Task<MaintenanceDefinition?> DefinitionAsync(string pipeline, CancellationToken cancellationToken)
    {
        try
        {
            return (await definitions.LoadAsync(pipeline, cancellationToken)).Definition.Maintenance;
        }
        catch (TerminalException error) when (error is UnknownPipelineException or DefinitionException)
        {
            return null;
        }
    }
}
