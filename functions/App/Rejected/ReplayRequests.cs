using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Pipeline.App.Api;
using Pipeline.App.Runs;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Rejected;

/// <summary>What a request to try rejected rows again says.</summary>
public sealed record ReplayBody
{
    /// <summary>Only rows that failed this rule; without it whatever they failed.</summary>
    public string? Rule { get; init; }

    /// <summary>Only rows rejected at this time or later, in ISO 8601.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Only rows rejected before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>By column of silver, SQL over the raw row that gives its value this time, such as <c>{"amount": "replace(Amount, ',', '.')"}</c>.</summary>
    public IReadOnlyDictionary<string, string> Fix { get; init; } = new Dictionary<string, string>();
}

/// <summary>Rejected rows over HTTP.</summary>
public sealed class ReplayRequests(RunControl runs, PipelineSteps steps)
{
    // It travels with every message of the orchestration.
    private const int MaxCharacters = 8000;

    /// <summary>Starts a run that tries rejected rows again, unless a run of the pipeline is going on.</summary>
    [Function(nameof(ReplayRejected))]
    public async Task<IActionResult> ReplayRejected(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "rejected/{pipeline}/{table}/replay")] HttpRequest request,
        string pipeline,
        string table,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var body = await Requests.ReadAsync<ReplayBody>(request, cancellationToken);
        if (body.Fix.FirstOrDefault(f => f.Value is null) is { Key: { } empty })
        {
            throw new BadRequestException($"The fix of '{empty}' is null: expected SQL over the raw row, or 'null' as text for no value.");
        }

        if (Medallion.Json.Write(body).Length > MaxCharacters)
        {
            throw new BadRequestException($"The request is longer than {MaxCharacters} characters as JSON: put the fixes into pipeline.yaml, as 'expr' of the columns.");
        }

        var replay = new ReplayRequest { Table = Requests.Table("silver", table), Rule = body.Rule, FromUtc = body.From, ToUtc = body.To, Fix = body.Fix };
        var wanted = RunRequest.For(pipeline) with { Replay = replay, RequestedBy = Requests.Caller(request) };

        // What cannot be is told at once, not by the run.
        await steps.PreviewAsync(wanted, cancellationToken);
        var claim = await runs.StartAsync(client, wanted, cancellationToken);
        return claim.Granted ? Answers.Started(request, claim.RunId) : Answers.GoingOn(pipeline, claim.RunId);
    }
}
