using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Sources.Health;

namespace Pipeline.App.Sources;

/// <summary>Sources over HTTP, and the timer that asks them whether they can be reached.</summary>
public sealed class SourceRequests(SourceMonitor sources)
{
    /// <summary>All sources, and how they are doing.</summary>
    [Function(nameof(ListSources))]
    public async Task<IActionResult> ListSources([HttpTrigger(AuthorizationLevel.Function, "get", Route = "sources")] HttpRequest request, CancellationToken cancellationToken)
    {
        var pipeline = Requests.Text(request, "pipeline");
        if (Requests.Flag(request, "check"))
        {
            await sources.CheckAsync(pipeline, cancellationToken);
        }

        return Answers.Json(await sources.ListAsync(pipeline, cancellationToken));
    }

    /// <summary>Asks all sources every five minutes.</summary>
    [Function(nameof(CheckSources))]
    public Task CheckSources([TimerTrigger("0 */5 * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellationToken) => sources.CheckAsync(null, cancellationToken);
}
