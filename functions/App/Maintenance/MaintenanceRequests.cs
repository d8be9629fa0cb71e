using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Pipeline.App.Api;
using Pipeline.Medallion.Maintenance;

namespace Pipeline.App.Maintenance;

/// <summary>What a request for a maintenance says.</summary>
public sealed record StartMaintenanceBody
{
    /// <summary>Of this pipeline only.</summary>
    public string? Pipeline { get; init; }

    /// <summary>These tables of the pipeline only, such as <c>silver.orders</c>; empty means all.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>These operations only; empty means all.</summary>
    public IReadOnlyList<MaintenanceOperation> Operations { get; init; } = [];

    /// <summary>Tell what would be done, and change nothing.</summary>
    public bool DryRun { get; init; }
}

/// <summary>A maintenance that was accepted.</summary>
/// <param name="Id">Its id.</param>
public sealed record StartedMaintenance(string Id);

/// <summary>Maintenance over HTTP, and every night.</summary>
public sealed class MaintenanceRequests(MaintenanceControl control, MaintenanceStore store)
{
    internal const int DefaultLimit = 50;
    internal const int MaxLimit = 1000;

    /// <summary>Starts a maintenance.</summary>
    [Function(nameof(StartMaintenance))]
    public async Task<IActionResult> StartMaintenance(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "maintenance")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        var body = await Requests.ReadAsync<StartMaintenanceBody>(request, cancellationToken);
        if (body.Tables.Count > 0 && body.Pipeline is null)
        {
            throw new BadRequestException("'tables' names tables of a pipeline: say which by 'pipeline'.");
        }

        var asked = new MaintenanceRequest { Id = "", Pipeline = body.Pipeline, Tables = [.. body.Tables.Select(Requests.Table)], Operations = body.Operations, DryRun = body.DryRun };
        var id = await control.StartAsync(client, asked, cancellationToken);
        request.HttpContext.Response.Headers.Location = $"/api/maintenance/{id}";
        return Answers.Json(new StartedMaintenance(id), StatusCodes.Status202Accepted);
    }

    /// <summary>Maintenances, newest first.</summary>
    [Function(nameof(ListMaintenance))]
    public async Task<IActionResult> ListMaintenance([HttpTrigger(AuthorizationLevel.Function, "get", Route = "maintenance")] HttpRequest request, CancellationToken cancellationToken) =>
        Answers.Json(await store.ListAsync((int)(Requests.Number(request, "limit", 1, MaxLimit) ?? DefaultLimit), cancellationToken));

    /// <summary>A maintenance with what it did to each table.</summary>
    [Function(nameof(GetMaintenance))]
    public async Task<IActionResult> GetMaintenance(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "maintenance/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        Answers.Json(await control.FindAsync(client, id, cancellationToken));

    /// <summary>Looks after all tables of all pipelines, when the setting <c>Maintenance__Timer</c> says.</summary>
    [Function(nameof(MaintainAll))]
    public Task MaintainAll([TimerTrigger("%Maintenance:Timer%")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        control.StartAsync(client, new MaintenanceRequest { Id = "" }, cancellationToken);
}
