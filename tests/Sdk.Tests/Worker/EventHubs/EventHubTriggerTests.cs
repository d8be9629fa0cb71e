using System.Text;
using System.Text.Json;
using Azure.Messaging.EventHubs;
using Confluent.Kafka;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

public sealed class EventHubTriggerTests(BrokerFixture fixture)
{
    private readonly Received received = new();

    [Fact]
    public async Task Events_OfEachPartition_ArriveOnceAndInOrder()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 4);
        for (var partition = 0; partition < 4; partition++)
        {
            hub.Send(partition, Bodies(partition, 500));
        }

        await using var app = await StartAsync(hub);
        await Wait.UntilAsync(() => received.Count >= 2000, "2000 events arrived");

        for (var partition = 0; partition < 4; partition++)
        {
            Assert.Equal(Bodies(partition, 500), received.Bodies(partition));
            await Wait.UntilAsync(async () => await hub.CheckpointAsync(partition) == 500, "the checkpoint stands after the last event");
        }

        Assert.Equal(2000, received.Count);
        Assert.All(received.Batches, batch => Assert.InRange(batch.Events.Count, 1, 100));
    }

    [Fact]
    public async Task Event_KeyHeadersAndTimestamp_AreThoseOfTheRecord()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 2);
        var sent = new DateTimeOffset(2026, 3, 1, 12, 0, 0, 250, TimeSpan.Zero);
        hub.Send(1, ["first"]);
        hub.Send(1, new Message<string?, byte[]>
        {
            Key = "kunde-ä",
            Value = [1, 2, 3],
            Timestamp = new Timestamp(sent.UtcDateTime),
            Headers = new Headers { { "source", "orders"u8.ToArray() }, { "größe", Encoding.UTF8.GetBytes("groß") } },
        });

        await using var app = await StartAsync(hub);
        await Wait.UntilAsync(() => received.Count == 2, "both events arrived");

        var batch = received.Batches[^1];
        var data = batch.Events[^1];
        Assert.Equal([1, 2, 3], data.EventBody.ToArray());
        Assert.Equal((1L, "1", "kunde-ä", sent), (data.SequenceNumber, data.OffsetString, data.PartitionKey, data.EnqueuedTime));
        Assert.Equal("orders", data.Properties["source"]);
        Assert.Equal("groß", data.Properties["größe"]);
        Assert.Equal(
            $$"""{"FullyQualifiedNamespace":"127.0.0.1","EventHubName":"{{hub.Name}}","ConsumerGroup":"$Default","PartitionId":"1","IsCheckpointingAfterInvocation":true}""",
            batch.Context.GetRawText());
    }

    private static IEnumerable<string> Bodies(int partition, int count) => Enumerable.Range(0, count).Select(number => $"{partition}/{number}");

    private Task<RunningApp> StartAsync(TestHub hub, string? hostJson = null) => RunningApp.StartAsync(
        [typeof(Functions)], app => app.Services.AddSingleton(received), hostJson, hub.LocalSettings());

    public sealed class Functions(Received received)
    {
        [Function("Take")]
        public Task TakeAsync([EventHubTrigger("%EventHub:Name%", Connection = "EventHub")] EventData[] events, JsonElement partitionContext, FunctionContext context) =>
            received.TakeAsync(events, partitionContext, context);
    }
}
