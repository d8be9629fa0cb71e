using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Local.Emulators;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

/// <summary>Hosts that come and go, and a broker that does.</summary>
public sealed class EventHubFaultTests(BrokerFixture fixture)
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly Received received = new();

    [Fact]
    public async Task SecondHost_TakesPartitions_AndNothingIsLost()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 4);
        var other = new Received();
        await using var first = await StartAsync(hub, received);
        await Wait.UntilAsync(() => Owns(first) == 4, "the first host owns everything");
        await using (var second = await StartAsync(hub, other))
        {
            var sent = 0;
            await Wait.UntilAsync(() =>
            {
                Send(hub, sent++);
                return other.Count > 0;
            }, "the second host has events");
            await Wait.UntilAsync(() => Missing(sent, received, other).Count == 0, "every event arrived somewhere");
            Assert.Equal(2, other.Batches.Select(batch => batch.Partition).Distinct().Count());
        }

        var before = received.Count;
        await Wait.UntilAsync(() =>
        {
            Send(hub, 900_000);
            return received.Batches.Skip(before).Select(batch => batch.Partition).Distinct().Count() == 4;
        }, "the first host has everything again");
    }

    [Fact]
    public async Task LostPartition_RunningInvocation_IsAskedToEndAndMovesNoCheckpoint()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 2);
        hub.Send(0, ["zero"]);
        hub.Send(1, ["one"]);
        var release = new TaskCompletionSource();
        var cancelled = new ConcurrentBag<string?>();
        received.Behaviour = async (batch, token) =>
        {
            await using var registered = token.Register(() => cancelled.Add(batch.Partition));
            await release.Task;
        };
        var other = new Received();
        await using var first = await StartAsync(hub, received);
        await Wait.UntilAsync(() => received.Count == 2, "the first host has both events");
        await using var second = await StartAsync(hub, other);
        await Wait.UntilAsync(() => other.Count == 1, "the second host has one of them again");

        var moved = int.Parse(other.Batches[0].Partition ?? "", null);
        Assert.Equal([$"{moved}"], cancelled);
        await Wait.UntilAsync(async () => await hub.CheckpointAsync(moved) == 1, "the second host has moved the checkpoint");
        Assert.Null(await hub.CheckpointAsync(1 - moved));
        release.SetResult();
        await Wait.UntilAsync(async () => await hub.CheckpointAsync(1 - moved) == 1, "the first host has moved the checkpoint of the partition it kept");
    }

    [Fact]
    public async Task KilledHost_ItsBatchIsDeliveredAgain()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, partitions: 1);
        hub.Send(0, ["a", "b", "c"]);
        await using (var killed = new AppProcess(port: 0, hub.LocalSettings(""", "Hold": "true" """), Enabled))
        {
            await Wait.UntilAsync(() => killed.Output.Contains("Took 0 to 2 of partition 0", StringComparison.Ordinal), "the first process has the batch");
        }

        Assert.Null(await hub.CheckpointAsync(0));
        await using var next = new AppProcess(port: 0, hub.LocalSettings(), Enabled);
        await Wait.UntilAsync(() => next.Output.Contains("Took 0 to 2 of partition 0", StringComparison.Ordinal), "the second process has the batch");
        await Wait.UntilAsync(async () => await hub.CheckpointAsync(0) == 3, "the checkpoint has moved");
    }

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
        var broker = await Broker.StartAsync([], port: null, cancel);
        using var hub = await TestHub.CreateAsync(broker, partitions: 1);
        hub.Send(0, ["a", "b", "c"]);
        await using var app = await StartAsync(hub, received);
        await Wait.UntilAsync(async () => await hub.CheckpointAsync(0) == 3, "the checkpoint has moved");

        await broker.DisposeAsync();
        await using var restarted = await Broker.StartAsync([], broker.Port, cancel);
        using var again = await TestHub.CreateAsync(restarted, partitions: 1, hub.Name);
        again.Send(0, ["d"]);
        await Wait.UntilAsync(() => received.Bodies(0).Contains("d"), "the event of the new broker arrived");
        Assert.Equal(0, received.Batches[^1].Events[0].SequenceNumber);
        await Wait.UntilAsync(async () => await again.CheckpointAsync(0) == 1, "the checkpoint has moved");
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

    private static Dictionary<string, string> Enabled => new() { ["AzureWebJobs.TakeEvents.Disabled"] = "false" };

    private static int Owns(RunningApp app) => app.Log.Entries.Where(entry => entry.Message.Contains("was given partitions", StringComparison.Ordinal))
        .Sum(entry => entry.Message.Split(',').Length);

    private static void Send(TestHub hub, int number)
    {
        for (var partition = 0; partition < 4; partition++)
        {
            hub.Send(partition, [$"{partition}/{number}"]);
        }
    }

    private static List<string> Missing(int sent, params Received[] hosts)
    {
        var arrived = hosts.SelectMany(host => Enumerable.Range(0, 4).SelectMany(host.Bodies)).ToHashSet();
        return [.. Enumerable.Range(0, sent).SelectMany(number => Enumerable.Range(0, 4).Select(partition => $"{partition}/{number}")).Where(body => !arrived.Contains(body))];
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
