using System.Net.Http.Json;
using System.Text;
using Confluent.Kafka;
using Pipeline.Local.Emulators;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

/// <summary>An event hub of its own on a broker, and who sends to it.</summary>
internal sealed class TestHub : IDisposable
{
    private readonly Broker broker;
    private readonly IProducer<string?, byte[]> producer;

    /// <summary>A hub that the broker has.</summary>
    public TestHub(Broker broker, string name)
    {
        this.broker = broker;
        Name = name;
        producer = new ProducerBuilder<string?, byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers, LingerMs = 1, QueueBufferingMaxMessages = 1_000_000 }).SetLogHandler((_, _) => { }).Build();
    }

    public string Name { get; }

    /// <summary>With a session that ends soon, so that partitions move within a test's patience.</summary>
    public string ConnectionString => $"BootstrapServers={broker.BootstrapServers};SessionTimeoutMs=1500";

    public static async Task<TestHub> CreateAsync(Broker broker, int partitions)
    {
        var hub = new TestHub(broker, $"hub-{Guid.NewGuid():N}");
        using var created = await broker.Control.PostAsJsonAsync("/topics", new { hub.Name, Partitions = partitions }, TestContext.Current.CancellationToken);
        created.EnsureSuccessStatusCode();
        return hub;
    }

    /// <summary>With a consumer group named as the hub: unlike those of Event Hubs, a group of the Kafka protocol spans all hubs, and tests would move each other's partitions.</summary>
    public string LocalSettings(string more = "") =>
        $$"""{ "Values": { "EventHub": "{{ConnectionString}}", "EventHub__Name": "{{Name}}", "EventHub__Group": "{{Name}}"{{more}} } }""";

    public void Send(int partition, IEnumerable<string> bodies)
    {
        foreach (var body in bodies)
        {
            Send(partition, new Message<string?, byte[]> { Value = Encoding.UTF8.GetBytes(body) });
        }

        Flush();
    }

    public void Flush() => producer.Flush(TestContext.Current.CancellationToken);

    public void Send(int partition, Message<string?, byte[]> message) => producer.Produce(new TopicPartition(Name, partition), message);

    /// <summary>The offset from which the group goes on in a partition; null if it has none.</summary>
    public async Task<long?> CheckpointAsync(int partition)
    {
        var lag = await broker.Control.GetFromJsonAsync<IReadOnlyList<PartitionLag>>($"/lag?group={Name}&topic={Name}", TestContext.Current.CancellationToken);
        return lag?[partition].Committed;
    }

    public void Dispose() => producer.Dispose();

    private sealed record PartitionLag(long? Committed);
}
