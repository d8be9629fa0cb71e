using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Events;

namespace Pipeline.App.Events;

/// <summary>The event log over HTTP.</summary>
public sealed class EventRequests(EventLog events)
{
    internal const int DefaultLimit = 100;

    /// <summary>Events, oldest first.</summary>
    [Function(nameof(ListEvents))]
    public async Task<IActionResult> ListEvents([HttpTrigger(AuthorizationLevel.Function, "get", Route = "events")] HttpRequest request, CancellationToken cancellationToken)
    {
        var filter = new EventFilter { Type = Requests.Text(request, "type"), Source = Requests.Text(request, "source") };
        var limit = (int)(Requests.Number(request, "limit", 1, EventLog.MaxLimit) ?? DefaultLimit);
        return Answers.Json(await events.ReadAsync(filter, Requests.Number(request, "after", 0, long.MaxValue) ?? 0, limit, cancellationToken));
    }
}
