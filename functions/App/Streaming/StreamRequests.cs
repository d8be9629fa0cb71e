using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Streaming;

namespace Pipeline.App.Streaming;

/// <summary>Streams over HTTP.</summary>
public sealed class StreamRequests(StreamStatus streams)
{
    /// <summary>The sources that take events, and how far each partition is.</summary>
    [Function(nameof(ListStreams))]
    public async Task<IActionResult> ListStreams([HttpTrigger(AuthorizationLevel.Function, "get", Route = "streams")] HttpRequest request, CancellationToken cancellationToken) =>
        Answers.Json(await streams.ListAsync(cancellationToken));
}
