using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Pipeline.App.Api;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Runs;

/// <summary>What a request for a run says.</summary>
public sealed record StartRunBody
{
    /// <summary>Steps by table, such as <c>silver.orders</c>; empty means all.</summary>
    public IReadOnlyList<string> Select { get; init; } = [];

    /// <summary>Do all work anew.</summary>
    public bool FullRefresh { get; init; }
}

/// <summary>A run that was accepted.</summary>
/// <param name="Id">Its id.</param>
public sealed record StartedRun(string Id);

/// <summary>Runs over HTTP.</summary>
public sealed class RunRequests(DefinitionStore definitions, RunStore runs, StepStore steps)
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 1000;

    /// <summary>Starts a run, unless one of the pipeline is going on.</summary>
    [Function(nameof(StartRun))]
    public async Task<IActionResult> StartRun(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "pipelines/{name}/runs")] HttpRequest request,
        string name,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var body = await Requests.ReadAsync<StartRunBody>(request, cancellationToken);
        var select = body.Select.Select(Requests.Table).ToList();
        var pipeline = await definitions.LoadAsync(name, cancellationToken);
        if (select.Where(t => pipeline.Steps.All(s => s.Table != t)).Select(t => t.ToString()).FirstOrDefault() is { } unknown)
        {
            throw new UnknownStepException(unknown, pipeline);
        }

        var claim = await runs.ClaimAsync(name, select, body.FullRefresh, (runId, token) => IsGoingOnAsync(client, runId, token), cancellationToken);
        if (claim.Unscheduled is { } run)
        {
            await ScheduleAsync(client, run, cancellationToken);
        }

        if (!claim.Granted)
        {
            return Answers.Problem(StatusCodes.Status409Conflict, "A run is going on", $"Run {claim.RunId} of pipeline '{name}' is going on: wait for it or terminate it.", ("runId", claim.RunId));
        }

        request.HttpContext.Response.Headers.Location = $"/api/runs/{claim.RunId}";
        return Answers.Json(new StartedRun(claim.RunId), StatusCodes.Status202Accepted);
    }

    /// <summary>Runs, newest first.</summary>
    [Function(nameof(ListRuns))]
    public async Task<IActionResult> ListRuns([HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs")] HttpRequest request, CancellationToken cancellationToken)
    {
        var limit = (int)(Requests.Number(request, "limit", 1, MaxLimit) ?? DefaultLimit);
        var pipeline = request.Query["pipeline"].ToString();
        return Answers.Json(await runs.ListAsync(pipeline.Length == 0 ? null : pipeline, limit, cancellationToken));
    }

    /// <summary>A run with its steps.</summary>
    [Function(nameof(GetRun))]
    public async Task<IActionResult> GetRun(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(id, cancellationToken) is not { } run)
        {
            return UnknownRun(id);
        }

        if (run.Status == RunStatus.Running && await client.GetInstanceAsync(id, cancellationToken) is { IsCompleted: true } ended)
        {
            // The orchestration ended without a record of it: it was stopped from outside, or could not even record its failure.
            await RecordEndAsync(id, ended, cancellationToken);
            run = await runs.FindAsync(id, cancellationToken) ?? run;
        }

        return Answers.Json(run with { Steps = await steps.ListAsync(id, cancellationToken) });
    }

    /// <summary>Stops a run. What its steps committed stays; a step at work ends without effect on later runs.</summary>
    [Function(nameof(TerminateRun))]
    public async Task<IActionResult> TerminateRun(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "runs/{id}/terminate")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(id, cancellationToken) is not { } run)
        {
            return UnknownRun(id);
        }

        if (run.Status == RunStatus.Running)
        {
            await client.TerminateInstanceAsync(id, "terminated by request", cancellationToken);
            await runs.EndAsync(id, RunStatus.Terminated, "terminated by request", new Dictionary<string, decimal?>(), cancellationToken);
            run = await runs.FindAsync(id, cancellationToken) ?? run;
        }

        return Answers.Json(run with { Steps = await steps.ListAsync(id, cancellationToken) });
    }

    private static IActionResult UnknownRun(string id) => Answers.Problem(StatusCodes.Status404NotFound, "Unknown run", $"There is no run '{id}'. GET /api/runs lists those there are.");

    // A run may be scheduled by two requests at once: whatever state its orchestration is in by then, it is not started anew.
    private static async Task ScheduleAsync(DurableTaskClient client, RunRequest run, CancellationToken cancellationToken)
    {
        var once = new StartOrchestrationOptions(run.RunId).WithDedupeStatuses([.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses]);
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(nameof(RunPipeline), run, once, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (await client.GetInstanceAsync(run.RunId, cancellationToken) is null)
            {
                throw;
            }
        }
    }

    private static async Task<bool?> IsGoingOnAsync(DurableTaskClient client, string runId, CancellationToken cancellationToken) =>
        await client.GetInstanceAsync(runId, cancellationToken) is { } instance ? !instance.IsCompleted : null;

    private Task RecordEndAsync(string id, OrchestrationMetadata ended, CancellationToken cancellationToken) => ended.RuntimeStatus switch
    {
        OrchestrationRuntimeStatus.Terminated => runs.EndAsync(id, RunStatus.Terminated, "terminated", new Dictionary<string, decimal?>(), cancellationToken),
        OrchestrationRuntimeStatus.Completed => runs.EndAsync(id, RunStatus.Succeeded, null, new Dictionary<string, decimal?>(), cancellationToken),
        _ => runs.EndAsync(id, RunStatus.Failed, ended.FailureDetails?.ErrorMessage ?? "the orchestration failed", new Dictionary<string, decimal?>(), cancellationToken),
    };
}
