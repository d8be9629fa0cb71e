using System.Diagnostics;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Maintenance;

/// <summary>Looks after one table. Every operation is one commit, or none: what loses a race against a run is left to the next maintenance.</summary>
internal sealed class TableMaintenance(LakeTables tables, Engine engine, FileCache cache, TimeProvider clock)
{
    /// <summary>Does the operations one after the other; one that fails does not keep the next from being done.</summary>
    /// <param name="work">The table and what is done.</param>
    /// <param name="invocation">This attempt; names what it writes.</param>
    /// <param name="cancellationToken">Ends it; what was committed stays.</param>
    public async Task<TableReport> RunAsync(TableWork work, string invocation, CancellationToken cancellationToken)
    {
        var started = Stopwatch.StartNew();
        var reports = new List<OperationReport>();
        foreach (var operation in work.Operations)
        {
            try
            {
                reports.Add(await RunAsync(operation, work, invocation, cancellationToken));
            }
            catch (NoTableException)
            {
                // A table that a run is about to make: its files lie there, its first commit does not.
                reports.Add(Report(operation, 0));
            }
            catch (TransientException error)
            {
                reports.Add(new OperationReport { Operation = operation, Status = MaintenanceStatus.Postponed, Reason = RunStore.Shorten(error.Message) });
            }
            catch (TerminalException error)
            {
                reports.Add(new OperationReport { Operation = operation, Status = MaintenanceStatus.Failed, Reason = RunStore.Shorten(error.Message) });
            }
        }

        return new TableReport { Pipeline = work.Pipeline, Table = work.Table, Operations = reports, Seconds = Math.Round(started.Elapsed.TotalSeconds, 3) };
    }

    private Task<OperationReport> RunAsync(MaintenanceOperation operation, TableWork work, string invocation, CancellationToken cancellationToken) => operation switch
    {
        MaintenanceOperation.Retention => work.Retention is { } age
            ? new PartitionRetention(clock).RunAsync(tables.Open(work.Pipeline, work.Table), age, work.DryRun, cancellationToken)
            : Task.FromResult(Report(operation, 0)),
        MaintenanceOperation.Optimize => OptimizeAsync(work, invocation, cancellationToken),
        MaintenanceOperation.Checkpoint => CheckpointAsync(work, cancellationToken),
        MaintenanceOperation.LogCleanup => CleanLogAsync(work, cancellationToken),
        _ => VacuumAsync(work, cancellationToken),
    };

    private async Task<OperationReport> OptimizeAsync(TableWork work, string invocation, CancellationToken cancellationToken)
    {
        using var session = engine.OpenSession();
        var optimize = new DeltaOptimize(tables.Lake, cache, clock, work.TargetSizeBytes);
        var result = await optimize.RunAsync(session, LakeTables.Root(work.Pipeline, work.Table), invocation, work.DryRun, cancellationToken);
        return Report(MaintenanceOperation.Optimize, result.Files) with { Bytes = result.Bytes, Into = result.Files > 0 ? result.Into : null, Version = result.Commit?.Version };
    }

    private async Task<OperationReport> CheckpointAsync(TableWork work, CancellationToken cancellationToken)
    {
        var version = await tables.Open(work.Pipeline, work.Table).CheckpointIfDueAsync(work.DryRun, cancellationToken);
        return Report(MaintenanceOperation.Checkpoint, version is null ? 0 : 1) with { Version = version };
    }

    private async Task<OperationReport> CleanLogAsync(TableWork work, CancellationToken cancellationToken)
    {
        var result = await new DeltaLogCleanup(tables.Lake, clock, engine.Scratch).RunAsync(LakeTables.Root(work.Pipeline, work.Table), work.DryRun, cancellationToken);
        return Report(MaintenanceOperation.LogCleanup, result.Files.Count) with { Bytes = result.Bytes };
    }

    private async Task<OperationReport> VacuumAsync(TableWork work, CancellationToken cancellationToken)
    {
        var result = await new DeltaVacuum(tables.Lake, clock, engine.Scratch).RunAsync(LakeTables.Root(work.Pipeline, work.Table), work.DryRun, cancellationToken);
        return Report(MaintenanceOperation.Vacuum, result.Files.Count) with { Bytes = result.Bytes };
    }

    private static OperationReport Report(MaintenanceOperation operation, long files) =>
        new() { Operation = operation, Status = files > 0 ? MaintenanceStatus.Done : MaintenanceStatus.Nothing, Files = files };
}
