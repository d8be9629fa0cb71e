using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;

namespace Pipeline.App.Push;

/// <summary>Where a listener connects, as SignalR's clients understand it.</summary>
/// <param name="Url">The hub's address.</param>
/// <param name="AccessToken">What opens it, for an hour.</param>
public sealed record LiveConnection(string Url, string AccessToken);

/// <summary>The way into the hub on which news are pushed.</summary>
public sealed class LiveRequests
{
    /// <summary>The one hub of all messages.</summary>
    internal const string Hub = "pipeline";

    /// <summary>Tells a client where to connect.</summary>
    [Function(nameof(Negotiate))]
    public IActionResult Negotiate(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "live/negotiate")] HttpRequest request, [SignalRConnectionInfoInput(HubName = Hub)] SignalRConnectionInfo connection) =>
        Answers.Json(new LiveConnection(connection.Url, connection.AccessToken));
}
