using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Pipeline.App.Api;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Runs;

/// <summary>What a request for a run says.</summary>
public sealed record StartRunBody
{
    /// <summary>Steps by table, such as <c>silver.orders</c>, or with all that follow from it <c>silver.orders+</c>; empty means all.</summary>
    public IReadOnlyList<string> Select { get; init; } = [];

    /// <summary>Do all work anew.</summary>
    public bool FullRefresh { get; init; }

    /// <summary>Make these partitions of silver anew, instead of taking what is new.</summary>
    public BackfillBody? Backfill { get; init; }
}

/// <summary>The partitions that a backfill makes anew.</summary>
public sealed record BackfillBody
{
    /// <summary>The first of them: a day, a month or a year, such as 2013-01-31, 2013-01 or 2013.</summary>
    public required string From { get; init; }

    /// <summary>The last of them, likewise.</summary>
    public required string To { get; init; }
}

/// <summary>A run that was accepted.</summary>
/// <param name="Id">Its id.</param>
public sealed record StartedRun(string Id);

/// <summary>Runs over HTTP.</summary>
public sealed class RunRequests(RunControl runs, PipelineSteps steps, DefinitionStore definitions)
{
    internal const int DefaultLimit = 50;
    internal const int MaxLimit = 1000;

    /// <summary>Starts a run, unless one of the pipeline is going on.</summary>
    [Function(nameof(StartRun))]
    public async Task<IActionResult> StartRun(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "pipelines/{name}/runs")] HttpRequest request,
        string name,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var claim = await runs.StartAsync(client, await ReadAsync(request, name, cancellationToken), cancellationToken);
        return claim.Granted ? Answers.Started(request, claim.RunId) : Answers.GoingOn(name, claim.RunId);
    }

    /// <summary>What a run would do, and why; nothing is done.</summary>
    [Function(nameof(PreviewRun))]
    public async Task<IActionResult> PreviewRun(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "pipelines/{name}/plan")] HttpRequest request, string name, CancellationToken cancellationToken) =>
        Answers.Json(await steps.PreviewAsync(await ReadAsync(request, name, cancellationToken), cancellationToken));

    /// <summary>Runs, newest first.</summary>
    [Function(nameof(ListRuns))]
    public async Task<IActionResult> ListRuns(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        var limit = (int)(Requests.Number(request, "limit", 1, MaxLimit) ?? DefaultLimit);
        return Answers.Json(await runs.ListAsync(client, Requests.Text(request, "pipeline"), limit, cancellationToken));
    }

    /// <summary>A run with its steps.</summary>
    [Function(nameof(GetRun))]
    public async Task<IActionResult> GetRun(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        Answers.Json(await runs.FindAsync(client, id, cancellationToken));

    /// <summary>Stops a run.</summary>
    [Function(nameof(TerminateRun))]
    public async Task<IActionResult> TerminateRun(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "runs/{id}/terminate")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        Answers.Json(await runs.TerminateAsync(client, id, cancellationToken));

    private async Task<RunRequest> ReadAsync(HttpRequest request, string pipeline, CancellationToken cancellationToken)
    {
        var body = await Requests.ReadAsync<StartRunBody>(request, cancellationToken);
        var range = body.Backfill is { } backfill ? Requests.Range(backfill.From, backfill.To) : null;
        if (body.FullRefresh && range is not null)
        {
            throw new BadRequestException("'fullRefresh' makes all anew and 'backfill' a part: give one of them.");
        }

        var select = StepSelector.Expand(await definitions.LoadAsync(pipeline, cancellationToken), [.. body.Select.Select(Requests.Steps)]);
        return RunRequest.For(pipeline) with { Select = select, FullRefresh = body.FullRefresh, Backfill = range, RequestedBy = Requests.Caller(request) };
    }
}
