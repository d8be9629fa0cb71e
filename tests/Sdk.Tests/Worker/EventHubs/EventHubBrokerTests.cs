using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Local.Emulators;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

/// <summary>A broker that is gone, comes back, begins anew or forgets: the host outlives it.</summary>
public sealed class EventHubBrokerTests(BrokerFixture fixture)
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly Received received = new();

    [Fact]
    public async Task BrokerDown_TheHostWaitsAndGoesOn()
    {
        await using var broker = await Broker.StartAsync([], port: null, cancel);
        using var hub = await TestHub.CreateAsync(broker, partitions: 2);
        hub.Send(0, ["before"]);
        await using var app = await StartAsync(hub, received);
        await Wait.UntilAsync(() => received.Count == 1, "the first event arrived");

        await PostAsync(broker, "/down");
        await Wait.UntilAsync(() => app.Log.Entries.Any(entry => entry.Level == LogLevel.Warning && entry.Message.Contains("Waiting for it", StringComparison.Ordinal)), "the host says so");
        await PostAsync(broker, "/up");
        hub.Send(1, ["after"]);
        await Wait.UntilAsync(() => received.Bodies(1).Contains("after"), "the second event arrived");
        Assert.Equal(["before"], received.Bodies(0));
    }

    [Fact]
    public async Task EventHubs_ThatCannotBeReached_AreWaitedForAndTheirSecretIsNotTold()
    {
        const string Key = "c2VjcmV0LXNlY3JldA==";
        var settings = JsonSerializer.Serialize(new { Values = new { EventHub = $"Endpoint=sb://localhost;SharedAccessKeyName=root;SharedAccessKey={Key}", EventHub__Name = "events", EventHub__Group = "group" } });
        await using var app = await RunningApp.StartAsync([typeof(Functions)], app => app.Services.AddSingleton(received), localSettings: settings);

        await Wait.UntilAsync(() => app.Log.Entries.Any(entry => entry.Message.Contains("Waiting for it", StringComparison.Ordinal)), "the host says so");
        Assert.DoesNotContain(app.Log.Entries, entry => $"{entry}".Contains(Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task BrokerDown_TheHostStopsWithinItsTime()
    {
        await using var broker = await Broker.StartAsync([], port: null, cancel);
        using var hub = await TestHub.CreateAsync(broker, partitions: 2);
        hub.Send(0, ["before"]);
        var app = await StartAsync(hub, received);
        await Wait.UntilAsync(() => received.Count == 1, "the first event arrived");
        await PostAsync(broker, "/down");

        await app.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), cancel);
    }

    [Fact]
    public async Task BrokerRestartedEmpty_TheHostBeginsAnew()
    {
        string[] topics = ["restarted"];
        var broker = await Broker.StartAsync(topics, port: null, cancel);
        using var before = new TestHub(broker, topics[0]);
        before.Send(0, ["a", "b", "c"]);
        await using var app = await StartAsync(before, received);
        await Wait.UntilAsync(async () => await before.CheckpointAsync(0) == 3, "the checkpoint has moved");

        await broker.DisposeAsync();
        await using var restarted = await Broker.StartAsync(topics, broker.Port, cancel);
        using var after = new TestHub(restarted, topics[0]);
        after.Send(0, ["d"]);
        await Wait.UntilAsync(() => received.Bodies(0).Contains("d"), "the event of the new broker arrived");
        Assert.Equal(0, received.Batches[^1].Events[0].SequenceNumber);
        await Wait.UntilAsync(async () => await after.CheckpointAsync(0) == 1, "the checkpoint has moved");
    }

    [Fact]
    public async Task DroppedEvents_TheHostGoesOnAtTheFirstOneLeftAndSaysSo()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 1);
        hub.Send(0, ["taken"]);
        await using (var first = await StartAsync(hub, received))
        {
            await Wait.UntilAsync(() => received.Count == 1, "the first event arrived");
        }

        // The broker keeps 5 MiB of a partition.
        var large = new string('x', 900_000);
        for (var number = 0; number < 8; number++)
        {
            hub.Send(0, [large]);
        }

        await using var second = await StartAsync(hub, received);
        await Wait.UntilAsync(() => received.Count > 1, "another event arrived");
        var offset = received.Batches[1].Events[0].SequenceNumber;
        Assert.InRange(offset, 2, 8);
        Assert.Contains(second.Log.Entries, entry => entry.Level == LogLevel.Warning && entry.Message.Contains($"partition 0 goes on at offset {offset} instead of 1", StringComparison.Ordinal));
    }

    private static Task<RunningApp> StartAsync(TestHub hub, Received received) => RunningApp.StartAsync(
        [typeof(Functions)], app => app.Services.AddSingleton(received), localSettings: hub.LocalSettings());

    private async Task PostAsync(Broker broker, string path)
    {
        using var answer = await broker.Control.PostAsync(new Uri(path, UriKind.Relative), content: null, cancel);
        answer.EnsureSuccessStatusCode();
    }

    public sealed class Functions(Received received)
    {
        [Function("Take")]
        public Task TakeAsync([EventHubTrigger("%EventHub:Name%", Connection = "EventHub", ConsumerGroup = "%EventHub:Group%")] EventData[] events, JsonElement partitionContext, FunctionContext context) =>
            received.TakeAsync(events, partitionContext, context);
    }
}
