using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Azure.Messaging.EventHubs;
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
    public async Task Events_OfAProducerInNode_ArriveWithKeyHeadersAndTimestamp()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 2);
        await SendWithNodeAsync(hub.Name);

        await using var app = await StartAsync(hub, functions: typeof(OfTheDefaultGroup));
        await Wait.UntilAsync(() => received.Count == 3, "the three events arrived");

        var batch = received.Batches[0];
        Assert.Equal(
            $$"""{"FullyQualifiedNamespace":"127.0.0.1","EventHubName":"{{hub.Name}}","ConsumerGroup":"$Default","PartitionId":"1","IsCheckpointingAfterInvocation":true}""",
            batch.Context.GetRawText());
        EventData[] events = [.. received.Batches.SelectMany(taken => taken.Events)];
        Assert.Equal("""{"id":1}""", events[0].EventBody.ToString());
        Assert.Equal((0L, "0", "kunde-ä"), (events[0].SequenceNumber, events[0].OffsetString, events[0].PartitionKey));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 12, 0, 0, 250, TimeSpan.Zero), events[0].EnqueuedTime);
        Assert.Equal(new Dictionary<string, object> { ["source"] = "orders", ["größe"] = "groß" }, events[0].Properties);
        Assert.Null(events[1].PartitionKey);
        Assert.Empty(events[1].Properties);
        Assert.Equal(0, events[2].EventBody.ToMemory().Length);
    }

    [Fact]
    public async Task Batch_MinimumAndWait_AreThoseOfHostJson()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 1);
        hub.Send(0, Bodies(0, 33));
        await using var app = await StartAsync(hub, """{ "extensions": { "eventHubs": { "maxEventBatchSize": 15, "minEventBatchSize": 10, "maxWaitTime": "00:00:00.500" } } }""");
        await Wait.UntilAsync(() => received.Count == 33, "all events arrived");

        // The last three are fewer than the minimum: they come when the wait is over.
        Assert.All(received.Batches.SkipLast(1), batch => Assert.InRange(batch.Events.Count, 10, 15));
        Assert.InRange(received.Batches[^1].Events.Count, 1, 9);
        Assert.Equal(Bodies(0, 33), received.Bodies(0));
    }

    [Fact]
    public async Task Checkpoint_Frequency_MovesAfterEverySecondBatch()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 1);
        hub.Send(0, Bodies(0, 6));
        await using var app = await StartAsync(hub, """{ "extensions": { "eventHubs": { "maxEventBatchSize": 2, "batchCheckpointFrequency": 2, "minEventBatchSize": 2 } } }""");
        await Wait.UntilAsync(() => received.Count == 6, "all events arrived");
        await Wait.UntilAsync(async () => await hub.CheckpointAsync(0) is not null, "the checkpoint has moved");

        Assert.Equal(4, await hub.CheckpointAsync(0));
        Assert.Equal([false, true, false], received.Batches.Select(batch => batch.Context.GetProperty("IsCheckpointingAfterInvocation").GetBoolean()));
    }

    [Fact]
    public async Task InitialOffset_FromEnd_SkipsWhatWasThereBefore()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 1);
        hub.Send(0, ["before"]);
        await using var app = await StartAsync(hub, """{ "extensions": { "eventHubs": { "initialOffsetOptions": { "type": "fromEnd" } } } }""");
        await Wait.UntilAsync(() => app.Log.Entries.Any(entry => entry.Message.Contains("was given partitions 0", StringComparison.Ordinal)), "the partition is owned");

        // The end is looked up a moment after the partition is owned.
        await Wait.UntilAsync(() =>
        {
            hub.Send(0, ["after"]);
            return received.Count > 0;
        }, "an event arrived");
        Assert.DoesNotContain("before", received.Bodies(0));
    }

    [Fact]
    public async Task Hold_OfOnePartition_DoesNotHoldTheOthers()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 2);
        hub.Send(0, Bodies(0, 1000));
        hub.Send(1, Bodies(1, 1000));
        var release = new TaskCompletionSource();
        received.Behaviour = (batch, _) => batch.Partition == "0" ? release.Task : Task.CompletedTask;
        await using var app = await StartAsync(hub, """{ "extensions": { "eventHubs": { "prefetchCount": 50 } } }""");
        await Wait.UntilAsync(() => received.Bodies(1).Count == 1000, "the other partition is read to its end");
        Assert.Single(received.Batches, batch => batch.Partition == "0");

        release.SetResult();
        await Wait.UntilAsync(() => received.Bodies(0).Count >= 1000, "the held partition is read to its end");
        Assert.Equal(Bodies(0, 1000), received.Bodies(0));
    }

    [Fact]
    public async Task Restart_GoesOnAtTheCheckpoint()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 1);
        hub.Send(0, Bodies(0, 10));
        await using (var first = await StartAsync(hub))
        {
            await Wait.UntilAsync(() => received.Count == 10, "the first ten arrived");
        }

        Assert.Equal(10, await hub.CheckpointAsync(0));
        hub.Send(0, ["eleventh"]);
        await using var second = await StartAsync(hub);
        await Wait.UntilAsync(() => received.Count > 10, "the eleventh arrived");

        Assert.Equal([.. Bodies(0, 10), "eleventh"], received.Bodies(0));
    }

    [Fact]
    public async Task Stop_RunningInvocation_IsCancelledAndItsBatchComesAgain()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 1);
        hub.Send(0, ["only"]);
        received.Behaviour = (_, cancel) => Task.Delay(Timeout.Infinite, cancel);
        await using (var first = await StartAsync(hub))
        {
            await Wait.UntilAsync(() => received.Count == 1, "the event arrived");
        }

        Assert.Null(await hub.CheckpointAsync(0));
        received.Behaviour = (_, _) => Task.CompletedTask;
        await using var second = await StartAsync(hub);
        await Wait.UntilAsync(() => received.Count == 2, "the event arrived again");
        Assert.Equal(["only", "only"], received.Bodies(0));
    }

    private async Task SendWithNodeAsync(string hub)
    {
        var client = typeof(EventHubTriggerTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == "EventClient").Value ?? "";
        var start = new ProcessStartInfo("node", [Path.Combine(client, "send.mjs"), fixture.Broker.BootstrapServers, hub]) { RedirectStandardError = true };
        using var node = Process.Start(start) ?? throw new InvalidOperationException("Node.js did not start.");
        var error = await node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, error);
    }

    private static IEnumerable<string> Bodies(int partition, int count) => Enumerable.Range(0, count).Select(number => $"{partition}/{number}");

    private Task<RunningApp> StartAsync(TestHub hub, string? hostJson = null, Type? functions = null) => RunningApp.StartAsync(
        [functions ?? typeof(Functions)], app => app.Services.AddSingleton(received), hostJson, hub.LocalSettings());

    public sealed class Functions(Received received)
    {
        [Function("Take")]
        public Task TakeAsync([EventHubTrigger("%EventHub:Name%", Connection = "EventHub", ConsumerGroup = "%EventHub:Group%")] EventData[] events, JsonElement partitionContext, FunctionContext context) =>
            received.TakeAsync(events, partitionContext, context);
    }

    public sealed class OfTheDefaultGroup(Received received)
    {
        [Function("Take")]
        public Task TakeAsync([EventHubTrigger("%EventHub:Name%", Connection = "EventHub")] EventData[] events, JsonElement partitionContext, FunctionContext context) =>
            received.TakeAsync(events, partitionContext, context);
    }
}
