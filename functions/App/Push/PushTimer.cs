using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Pipeline.Medallion;
using Pipeline.Medallion.Push;

namespace Pipeline.App.Push;

/// <summary>The event log, pushed to all who listen.</summary>
public sealed class PushTimer(EventPush push)
{
    /// <summary>The target of messages with events.</summary>
    internal const string Events = "events";

    /// <summary>Sends what is new. How often it looks is the setting <c>Push__Timer</c>; what cannot be sent is tried again without end.</summary>
    [Function(nameof(PushEvents))]
    [SignalROutput(HubName = LiveRequests.Hub)]
    [ExponentialBackoffRetry(-1, "00:00:01", "00:01:00")]
    public async Task<SignalRMessageAction[]> PushEvents([TimerTrigger("%Push:Timer%", UseMonitor = false)] TimerInfo timer, FunctionContext context, CancellationToken cancellationToken)
    {
        var messages = await push.NextAsync(lastWasSent: context.RetryContext is not { RetryCount: > 0 }, cancellationToken);
        return [.. messages.Select(message => new SignalRMessageAction(Events, [JsonSerializer.SerializeToElement(message, Json.Options)]))];
    }
}
