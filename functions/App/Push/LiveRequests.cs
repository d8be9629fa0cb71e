using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.App.Push;

/// <summary>Where a listener connects, as SignalR's clients understand it.</summary>
/// <param name="Url">The hub's address.</param>
/// <param name="AccessToken">What opens it, for an hour.</param>
public sealed record LiveConnection(string Url, string AccessToken);

/// <summary>The way into the hub on which news are pushed.</summary>
public sealed class LiveRequests(LiveReader reader, LiveComparer comparer)
{
    /// <summary>The one hub of all messages.</summary>
    internal const string Hub = "pipeline";

    internal const int DefaultWindows = 5;
    internal const int MaxWindows = 200;
    internal const int DefaultCompared = 60;

    /// <summary>A live aggregate as it stands.</summary>
    [Function(nameof(GetLive))]
    public async Task<IActionResult> GetLive(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "live/{pipeline}/{aggregate}")] HttpRequest request, string pipeline, string aggregate, CancellationToken cancellationToken) =>
        Answers.Json(await reader.ReadAsync(pipeline, aggregate, (int)(Requests.Number(request, "windows", 1, MaxWindows) ?? DefaultWindows), cancellationToken));

    /// <summary>What the stream counted beside what a query gives.</summary>
    [Function(nameof(CompareLive))]
    public async Task<IActionResult> CompareLive(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "live/{pipeline}/{aggregate}/comparison")] HttpRequest request, string pipeline, string aggregate, CancellationToken cancellationToken) =>
        Answers.Json(await comparer.CompareAsync(pipeline, aggregate, (int)(Requests.Number(request, "windows", 1, LiveComparer.MaxWindows) ?? DefaultCompared), cancellationToken));

    /// <summary>Tells a client where to connect.</summary>
    [Function(nameof(Negotiate))]
    public IActionResult Negotiate(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "live/negotiate")] HttpRequest request, [SignalRConnectionInfoInput(HubName = Hub)] SignalRConnectionInfo connection) =>
        Answers.Json(new LiveConnection(connection.Url, connection.AccessToken));
}
