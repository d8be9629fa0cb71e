using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Push;
using Pipeline.Medallion.Streaming;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.App.Streaming;

/// <summary>What is done with what arrives at the event hub.</summary>
public sealed class EventTriggers(StreamIngest ingest, LiveWatch watch)
{
    /// <summary>Takes a batch of one partition. It returns when every event is committed, and is repeated without end until then: whatever becomes of the checkpoint, nothing is lost.</summary>
    [Function(nameof(IngestEvents))]
    [ExponentialBackoffRetry(-1, "00:00:01", "00:01:00")]
    public Task IngestEvents(
        [EventHubTrigger("%EventHub:Name%", Connection = "EventHub")] EventData[] events, JsonElement partitionContext, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        return ingest.IngestAsync(PartitionOf(partitionContext), Array.ConvertAll(events, Read), cancellationToken);
    }

    /// <summary>Shows what arrives before it is committed, where a live aggregate asks for that (<c>mode: event</c>). It reads as a consumer group of its own, and nothing rests on it.</summary>
    [Function(nameof(WatchEvents))]
    [SignalROutput(HubName = LiveRequests.Hub)]
    public async Task<SignalRMessageAction[]> WatchEvents(
        [EventHubTrigger("%EventHub:Name%", Connection = "EventHub", ConsumerGroup = "%EventHub:LiveConsumerGroup%")] EventData[] events, JsonElement partitionContext, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        var changed = await watch.WatchAsync(PartitionOf(partitionContext), Array.ConvertAll(events, Read), cancellationToken);
        return [.. changed.Select(LiveMessages.Of)];
    }

    private static HubPartition PartitionOf(JsonElement context) => new(context.GetProperty("EventHubName").GetString() ?? "", context.GetProperty("PartitionId").GetString() ?? "");

    private static StreamEvent Read(EventData delivered) => new()
    {
        Sequence = delivered.SequenceNumber,
        EnqueuedUtc = delivered.EnqueuedTime,
        Body = delivered.EventBody.ToMemory(),
        Source = Property(delivered, "source"),
        Schema = EventSchemas.Named(delivered.ContentType, name => Property(delivered, name)),
    };

    private static string? Property(EventData delivered, string name) => delivered.Properties.TryGetValue(name, out var value) ? value?.ToString() : null;
}
