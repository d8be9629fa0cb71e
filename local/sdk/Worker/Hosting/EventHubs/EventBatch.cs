using System.Text;
using System.Text.Json;
using Azure.Messaging.EventHubs;
using Confluent.Kafka;

namespace Microsoft.Azure.Functions.Worker.Hosting.EventHubs;

/// <summary>What one invocation gets: events of one partition, in their order.</summary>
internal sealed record EventBatch(EventData[] Events)
{
    public static EventBatch Of(IReadOnlyList<ConsumeResult<string?, byte[]?>> results) => new([.. results.Select(Event)]);

    /// <summary>What parameters bind to by name; the real host hands these over as JSON, too.</summary>
    public IReadOnlyDictionary<string, object?> BindingData(PartitionContext context) => new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase)
    {
        ["partitionContext"] = JsonSerializer.Serialize(context),
        ["sequenceNumberArray"] = JsonSerializer.Serialize(Events.Select(e => e.SequenceNumber)),
        ["enqueuedTimeUtcArray"] = JsonSerializer.Serialize(Events.Select(e => e.EnqueuedTime.UtcDateTime)),
    };

    private static EventData Event(ConsumeResult<string?, byte[]?> result) => EventHubsModelFactory.EventData(
        BinaryData.FromBytes(result.Message.Value ?? []),
        Properties(result.Message.Headers),
        partitionKey: result.Message.Key,
        sequenceNumber: result.Offset.Value,
        offsetString: result.Offset.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
        enqueuedTime: DateTimeOffset.FromUnixTimeMilliseconds(result.Message.Timestamp.UnixTimestampMs));

    // A name may come twice; the last one counts.
    private static Dictionary<string, object> Properties(Headers? headers)
    {
        var properties = new Dictionary<string, object>();
        foreach (var header in headers ?? [])
        {
            properties[header.Key] = Encoding.UTF8.GetString(header.GetValueBytes() ?? []);
        }

        return properties;
    }
}

/// <summary>Which partition a batch is of, as the real trigger's binding data names it.</summary>
internal sealed record PartitionContext(string FullyQualifiedNamespace, string EventHubName, string ConsumerGroup, string PartitionId)
{
    /// <summary>Whether the checkpoint moves after this batch.</summary>
    public bool IsCheckpointingAfterInvocation { get; init; }
}
