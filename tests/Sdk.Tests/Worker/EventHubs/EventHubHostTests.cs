using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

/// <summary>Hosts that share an event hub, come and go.</summary>
public sealed class EventHubHostTests(BrokerFixture fixture)
{
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
        hub.Send(0, ["only"]);
        await using (var killed = new AppProcess(port: 0, hub.LocalSettings(""", "Hold": "true" """), Enabled))
        {
            await Wait.UntilAsync(() => killed.Output.Contains("Took 0 to 0 of partition 0", StringComparison.Ordinal), "the first process has the batch");
        }

        Assert.Null(await hub.CheckpointAsync(0));
        await using var next = new AppProcess(port: 0, hub.LocalSettings(), Enabled);
        await Wait.UntilAsync(() => next.Output.Contains("Took 0 to 0 of partition 0", StringComparison.Ordinal), "the second process has the batch");
        await Wait.UntilAsync(async () => await hub.CheckpointAsync(0) == 1, "the checkpoint has moved");
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

    public sealed class Functions(Received received)
    {
        [Function("Take")]
        public Task TakeAsync([EventHubTrigger("%EventHub:Name%", Connection = "EventHub", ConsumerGroup = "%EventHub:Group%")] EventData[] events, JsonElement partitionContext, FunctionContext context) =>
            received.TakeAsync(events, partitionContext, context);
    }
}
