using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

/// <summary>A function that throws does not hold its partition; only a retry policy does.</summary>
public sealed class EventHubRetryTests(BrokerFixture fixture)
{
    private readonly Received received = new();

    [Fact]
    public async Task Retry_WithoutEnd_RepeatsTheSameBatchAndHoldsTheCheckpoint()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 1);
        hub.Send(0, ["only"]);
        var enough = false;
        received.Behaviour = (_, _) => Volatile.Read(ref enough) ? Task.CompletedTask : throw new InvalidOperationException("as asked");
        await using var app = await StartAsync(hub, typeof(WithoutEnd));
        await Wait.UntilAsync(() => received.Batches.Count >= 5, "the batch was tried five times");
        Assert.Null(await hub.CheckpointAsync(0));

        Volatile.Write(ref enough, true);
        await Wait.UntilAsync(async () => await hub.CheckpointAsync(0) == 1, "the checkpoint has moved");

        Assert.Equal(Enumerable.Range(0, received.Batches.Count).Select(retry => (int?)retry), received.Batches.Select(batch => batch.RetryCount));
        Assert.All(received.Batches, batch => Assert.Equal([0L], batch.Events.Select(received => received.SequenceNumber)));
    }

    [Theory]
    [InlineData(typeof(Once), 2)]
    [InlineData(typeof(Never), 1)]
    public async Task Retries_Spent_TheCheckpointMovesOn(Type function, int tries)
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 1);
        hub.Send(0, ["poison"]);
        received.Behaviour = (batch, _) => batch.Events[0].EventBody.ToString() == "poison" ? throw new InvalidOperationException("as asked") : Task.CompletedTask;
        await using var app = await StartAsync(hub, function);
        await Wait.UntilAsync(async () => await hub.CheckpointAsync(0) == 1, "the checkpoint has moved past the event");
        hub.Send(0, ["next"]);
        await Wait.UntilAsync(() => received.Bodies(0).Contains("next"), "the next event arrived");

        Assert.Equal([.. Enumerable.Repeat("poison", tries), "next"], received.Bodies(0));
        Assert.Equal(tries, app.Log.Entries.Count(entry => entry.Level == LogLevel.Error));
    }

    private Task<RunningApp> StartAsync(TestHub hub, Type functions) => RunningApp.StartAsync(
        [functions], app => app.Services.AddSingleton(received), localSettings: hub.LocalSettings());

    public sealed class WithoutEnd(Received received)
    {
        [Function("WithoutEnd")]
        [ExponentialBackoffRetry(-1, "00:00:00.010", "00:00:00.050")]
        public Task RunAsync([EventHubTrigger("%EventHub:Name%", Connection = "EventHub", ConsumerGroup = "%EventHub:Group%")] EventData[] events, JsonElement partitionContext, FunctionContext context) =>
            received.TakeAsync(events, partitionContext, context);
    }

    public sealed class Once(Received received)
    {
        [Function("Once")]
        [FixedDelayRetry(1, "00:00:00.010")]
        public Task RunAsync([EventHubTrigger("%EventHub:Name%", Connection = "EventHub", ConsumerGroup = "%EventHub:Group%")] EventData[] events, JsonElement partitionContext, FunctionContext context) =>
            received.TakeAsync(events, partitionContext, context);
    }

    public sealed class Never(Received received)
    {
        [Function("Never")]
        public Task RunAsync([EventHubTrigger("%EventHub:Name%", Connection = "EventHub", ConsumerGroup = "%EventHub:Group%")] EventData[] events, JsonElement partitionContext, FunctionContext context) =>
            received.TakeAsync(events, partitionContext, context);
    }
}
