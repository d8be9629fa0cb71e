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
    private const int MaxFixCharacters = 8000;

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
        if (body.Fix.Sum(f => f.Key.Length + f.Value.Length) > MaxFixCharacters)
        {
            throw new BadRequestException($"The fixes are longer than {MaxFixCharacters} characters: put them into pipeline.yaml, as 'expr' of the columns.");
        }

        var replay = new ReplayRequest { Table = Requests.Table("silver", table), Rule = body.Rule, FromUtc = body.From, ToUtc = body.To, Fix = body.Fix };
        var wanted = RunRequest.For(pipeline) with { Replay = replay, RequestedBy = Requests.Caller(request) };

        // What cannot be is told at once, not by the run.
        await steps.PreviewAsync(wanted, cancellationToken);
        var claim = await runs.StartAsync(client, wanted, cancellationToken);
        return claim.Granted ? Answers.Started(request, claim.RunId) : Answers.GoingOn(pipeline, claim.RunId);
    }
}
