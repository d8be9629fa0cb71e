using Microsoft.Azure.Functions.Worker;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.App.Push;

/// <summary>Committed live aggregates, pushed to all who listen. Apart from the function that commits them, which is not to wait for listeners.</summary>
public sealed class LiveTimer(LivePush push)
{
    /// <summary>Sends what has changed. How often it looks is the setting <c>Push__Timer</c>.</summary>
    [Function(nameof(PushLive))]
    [SignalROutput(HubName = LiveRequests.Hub)]
    public async Task<SignalRMessageAction[]> PushLive([TimerTrigger("%Push:Timer%", UseMonitor = false)] TimerInfo timer, CancellationToken cancellationToken) =>
        [.. (await push.NextAsync(cancellationToken)).Select(LiveMessages.Of)];
}
