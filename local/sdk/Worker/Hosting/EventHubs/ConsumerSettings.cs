using Confluent.Kafka;
using Pipeline.Local.Kafka;

namespace Microsoft.Azure.Functions.Worker.Hosting.EventHubs;

/// <summary>How the Kafka client reads.</summary>
internal static class ConsumerSettings
{
    // Beside what is held ready of each partition.
    private const int QueuedKilobytes = 16 * 1024;
    private const int QueuedEvents = 10_000;

    // A request to join the group that is not answered is given up after this and 3 s more, and partitions stand still for so long: by default that is five minutes. The mock cluster drops such
    // a request where members of a group have sessions of different length. Whoever owns partitions polls ten times a second.
    private const int MaxPollMs = 8_000;

    public static ConsumerConfig Of(BrokerConnection connection, string consumerGroup) => new(connection.Client)
    {
        GroupId = consumerGroup,
        SessionTimeoutMs = (int)connection.SessionTimeout.TotalMilliseconds,
        HeartbeatIntervalMs = (int)(connection.SessionTimeout.TotalMilliseconds / 4),

        MaxPollIntervalMs = Math.Max(MaxPollMs, (int)connection.SessionTimeout.TotalMilliseconds),

        // A host that joins or leaves takes or gives some partitions; the others go on.
        PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,

        // Checkpoints are stored after a batch and committed a moment later, at the latest when a partition is given away.
        EnableAutoOffsetStore = false,
        EnableAutoCommit = true,
        AutoCommitIntervalMs = 100,

        // A checkpoint that the broker has no event for, because it dropped old ones or was restarted empty.
        AutoOffsetReset = AutoOffsetReset.Earliest,

        QueuedMaxMessagesKbytes = QueuedKilobytes,
        QueuedMinMessages = QueuedEvents,
        FetchMaxBytes = QueuedKilobytes * 1024,
        FetchWaitMaxMs = 20,
        FetchQueueBackoffMs = 50,
        ReconnectBackoffMaxMs = 1000,
    };
}
