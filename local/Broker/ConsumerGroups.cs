using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Pipeline.Local.Broker;

/// <summary>Topics and consumer groups, asked for as any Kafka client does.</summary>
internal sealed class ConsumerGroups(string bootstrapServers) : IDisposable
{
    private const string Nobody = "broker-control";
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, Lazy<IConsumer<Ignore, Ignore>>> consumers = new();

    public IReadOnlyList<Topic> Topics()
    {
        using var admin = new DependentAdminClientBuilder(Consumer(Nobody).Handle).Build();
        return [.. admin.GetMetadata(AnswerDeadline).Topics.Select(topic => new Topic(topic.Topic, topic.Partitions.Count))];
    }

    /// <summary>How far a group is behind, for each partition of a topic; empty if there is no such topic.</summary>
    public IReadOnlyList<PartitionLag> Lag(string group, string topic)
    {
        var consumer = Consumer(group);
        var partitions = Topics().Where(found => found.Name == topic).SelectMany(found => Enumerable.Range(0, found.Partitions)).Select(partition => new TopicPartition(topic, partition));
        return [.. consumer.Committed(partitions, AnswerDeadline).Select(Behind)];

        PartitionLag Behind(TopicPartitionOffset committed)
        {
            var marks = consumer.QueryWatermarkOffsets(committed.TopicPartition, AnswerDeadline);
            long? offset = committed.Offset.IsSpecial ? null : committed.Offset.Value;
            return new(committed.Partition.Value, marks.Low.Value, marks.High.Value, offset, marks.High.Value - Math.Max(offset ?? 0, marks.Low.Value));
        }
    }

    public void Dispose()
    {
        foreach (var consumer in consumers.Values)
        {
            consumer.Value.Dispose();
        }
    }

    // Without a subscription it is no member of the group.
    private IConsumer<Ignore, Ignore> Consumer(string group) => consumers.GetOrAdd(group, name => new(() =>
        new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = bootstrapServers, GroupId = name, EnableAutoCommit = false })
            .SetLogHandler((_, _) => { })
            .Build())).Value;
}

internal sealed record Topic(string Name, int Partitions);

/// <param name="Partition">Its number.</param>
/// <param name="Begin">The first offset that is still kept.</param>
/// <param name="End">The offset that the next event gets.</param>
/// <param name="Committed">The offset from which the group goes on; null if it has none.</param>
/// <param name="Lag">How many events that are still kept the group has not taken.</param>
internal sealed record PartitionLag(int Partition, long Begin, long End, long? Committed, long Lag);
