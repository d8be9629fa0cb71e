using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Pipeline.Sdk.Tests.Worker;

/// <summary>What the functions of these tests send.</summary>
public sealed class Outbox
{
    public IReadOnlyList<SignalRMessageAction>? Messages { get; set; }

    public SignalRMessageAction? News { get; set; }
}

public sealed class SignalRFunctions(Outbox outbox)
{
    private const string Never = "0 0 0 1 1 *";

    [Function("negotiate")]
    public IActionResult Negotiate(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "live/negotiate")] HttpRequest request,
        [SignalRConnectionInfoInput(HubName = "live", UserId = "{headers.x-user}")] SignalRConnectionInfo connection) =>
        Answer(request, connection);

    [Function("negotiateAsAnyone")]
    public IActionResult NegotiateAsAnyone(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "anyone/negotiate")] HttpRequest request,
        [SignalRConnectionInfoInput(HubName = "%Hub%")] SignalRConnectionInfo connection) =>
        Answer(request, connection);

    [Function("Send")]
    [SignalROutput(HubName = "Live")]
    public SignalRMessageAction[]? Send([TimerTrigger(Never)] TimerInfo timer) => outbox.Messages?.ToArray();

    [Function("SendOne")]
    [SignalROutput(HubName = "%Hub%")]
    public async Task<SignalRMessageAction?> SendOne([TimerTrigger(Never)] TimerInfo timer)
    {
        await Task.Yield();
        return outbox.News;
    }

    [Function("SendBoth")]
    public Task<Both> SendBoth([TimerTrigger(Never)] TimerInfo timer) => Task.FromResult(new Both { Live = outbox.Messages, Other = outbox.News, Rest = 7 });

    private static OkObjectResult Answer(HttpRequest request, SignalRConnectionInfo connection)
    {
        request.HttpContext.Response.Headers["x-url"] = connection.Url;
        return new OkObjectResult(new { connection.Url, connection.AccessToken });
    }

    public sealed class Both
    {
        [SignalROutput(HubName = "live")]
        public IReadOnlyList<SignalRMessageAction>? Live { get; init; }

        [SignalROutput(HubName = "other")]
        public SignalRMessageAction? Other { get; init; }

        public int Rest { get; init; }
    }
}
