using Microsoft.Extensions.Hosting;
using Pipeline.Medallion;
using Pipeline.Medallion.Audit;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Maintenance;
using Pipeline.Medallion.Push;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Scheduling;
using Pipeline.Medallion.Schemas;
using Pipeline.Medallion.Sources.Health;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.App;

/// <summary>Creates the containers and tables as the app starts, before it takes work.</summary>
internal sealed class StorageSetup(LakeTables tables, RunStore runs, StepStore steps, ScheduleStore schedules, MaintenanceStore maintenance, SchemaRegistry schemas, EventLog events, PushCursorStore push, LiveStore live, AuditLog audit, SourceCheckStore sources) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.WhenAll(
        tables.CreateContainersAsync(cancellationToken),
        runs.CreateAsync(cancellationToken),
        steps.CreateAsync(cancellationToken),
        schedules.CreateAsync(cancellationToken),
        maintenance.CreateAsync(cancellationToken),
        schemas.CreateAsync(cancellationToken),
        events.CreateAsync(cancellationToken),
        push.CreateAsync(cancellationToken),
        live.CreateAsync(cancellationToken),
        audit.CreateAsync(cancellationToken),
        sources.CreateAsync(cancellationToken));

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
