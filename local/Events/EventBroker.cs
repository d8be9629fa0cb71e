using Confluent.Kafka;
using Pipeline.Local.Emulators;
using Pipeline.Local.Kafka;

namespace Pipeline.Local.Events;

/// <summary>The broker that the app reads from: a producer of events, and how far the app has come.</summary>
internal sealed class EventBroker : IDisposable
{
    private const string ConsumerGroup = "$Default";
    private const int LargestMessageBytes = 3 << 20;
    private const int QueuedMessages = 100_000;
    private const double LingerMilliseconds = 5;
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DeliveryDeadline = TimeSpan.FromSeconds(30);

    private readonly IConsumer<Ignore, Ignore> group;
    private readonly List<TopicPartition> partitions;

    private EventBroker(IProducer<string, byte[]> producer, IConsumer<Ignore, Ignore> group, List<TopicPartition> partitions)
    {
        Producer = producer;
        this.group = group;
        this.partitions = partitions;
    }

    /// <summary>Sends each event once, by its key's partition, and hears from the broker of each.</summary>
    public IProducer<string, byte[]> Producer { get; }

    /// <summary>Connects to the broker of the settings.</summary>
    /// <exception cref="LaunchException">The connection string is none, or no broker with the hub answers.</exception>
    public static EventBroker Connect(Settings settings)
    {
        var connection = ConnectionOf(settings);
        var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig(connection.Client)
        {
            EnableIdempotence = true,
            Acks = Acks.All,
            LingerMs = LingerMilliseconds,
            MessageMaxBytes = LargestMessageBytes,
            QueueBufferingMaxMessages = QueuedMessages,
            MessageTimeoutMs = (int)DeliveryDeadline.TotalMilliseconds,

            // That of Kafka's own clients.
            Partitioner = Partitioner.Murmur2Random,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        try
        {
            var partitions = PartitionsOf(producer, connection);

            // Without a subscription it is no member of the group.
            var group = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(connection.Client) { GroupId = ConsumerGroup, EnableAutoCommit = false })
                .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
            return new EventBroker(producer, group, partitions);
        }
        catch
        {
            producer.Dispose();
            throw;
        }
    }

    /// <summary>The offset from which the app goes on, of each partition of which it has taken something; null where the broker does not answer.</summary>
    public IReadOnlyDictionary<int, long>? Committed()
    {
        try
        {
            return group.Committed(partitions, AnswerDeadline).Where(p => !p.Offset.IsSpecial).ToDictionary(p => p.Partition.Value, p => p.Offset.Value);
        }
        catch (KafkaException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        Producer.Dispose();
        group.Dispose();
    }

    private static BrokerConnection ConnectionOf(Settings settings)
    {
        try
        {
            return BrokerConnection.Parse(settings.EventHub, "--broker");
        }
        catch (FormatException error)
        {
            throw new LaunchException(error.Message, error);
        }
    }

    private static List<TopicPartition> PartitionsOf(IProducer<string, byte[]> producer, BrokerConnection connection)
    {
        try
        {
            using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
            var topic = admin.GetMetadata(Settings.EventHubName, AnswerDeadline).Topics.Single();
            return !topic.Error.IsError
                ? [.. topic.Partitions.Select(partition => new TopicPartition(topic.Topic, partition.PartitionId))]
                : throw new LaunchException($"The broker {connection.Client.BootstrapServers} has no event hub '{Settings.EventHubName}': {topic.Error.Reason}.");
        }
        catch (KafkaException error)
        {
            throw new LaunchException(
                $"No broker answers at {connection.Client.BootstrapServers}: {error.Error.Reason}. If the app reads from another one, name it with --broker or PIPELINE_BROKER.", error);
        }
    }
}
