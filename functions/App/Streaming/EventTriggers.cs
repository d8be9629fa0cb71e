using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Pipeline.Medallion.Streaming;

namespace Pipeline.App.Streaming;

/// <summary>The one function that takes what arrives at the event hub.</summary>
public sealed class EventTriggers(StreamIngest ingest)
{
    /// <summary>Takes a batch of one partition. It returns when every event is committed, and is repeated without end until then: whatever becomes of the checkpoint, nothing is lost.</summary>
    [Function(nameof(IngestEvents))]
    [ExponentialBackoffRetry(-1, "00:00:01", "00:01:00")]
    public Task IngestEvents(
        [EventHubTrigger("%EventHub:Name%", Connection = "EventHub")] EventData[] events, JsonElement partitionContext, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        var partition = new HubPartition(
            partitionContext.GetProperty("EventHubName").GetString() ?? "",
            partitionContext.GetProperty("PartitionId").GetString() ?? "");
        return ingest.IngestAsync(partition, Array.ConvertAll(events, Read), cancellationToken);
    }

    private static StreamEvent Read(EventData delivered) => new()
    {
        Sequence = delivered.SequenceNumber,
        EnqueuedUtc = delivered.EnqueuedTime,
        Body = delivered.EventBody.ToMemory(),
        Source = delivered.Properties.TryGetValue("source", out var source) ? source?.ToString() : null,
    };
}
