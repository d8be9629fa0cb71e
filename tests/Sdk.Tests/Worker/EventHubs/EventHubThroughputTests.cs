using System.Diagnostics;
using Azure.Messaging.EventHubs;
using Confluent.Kafka;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

public sealed class EventHubThroughputTests(BrokerFixture fixture, ITestOutputHelper output)
{
    private const int Partitions = 32;
    private const int Events = 200_000;
    private const string HostJson = """{ "extensions": { "eventHubs": { "maxEventBatchSize": 5000, "prefetchCount": 10000 } } }""";

    [Fact]
    public async Task Trigger_ManyEvents_TakesEachOnce()
    {
        using var hub = await TestHub.CreateAsync(fixture.Broker, Partitions);
        var body = new byte[100];
        for (var number = 0; number < Events; number++)
        {
            hub.Send(number % Partitions, new Message<string?, byte[]> { Key = "key", Value = body });
        }

        hub.Flush();

        var counter = new Counter();
        await using var app = await RunningApp.StartAsync([typeof(Functions)], app => app.Services.AddSingleton(counter), HostJson, hub.LocalSettings());
        await Wait.UntilAsync(() => counter.Count > 0, "the first event arrived");
        var watch = Stopwatch.StartNew();
        await Wait.UntilAsync(() => counter.Count >= Events, "all events arrived");

        output.WriteLine($"{Events / watch.Elapsed.TotalSeconds:N0} events/s in {counter.Batches} batches");
        Assert.Equal(Events, counter.Count);
    }

    public sealed class Counter
    {
        private int count;
        private int batches;

        public int Count => Volatile.Read(ref count);

        public int Batches => Volatile.Read(ref batches);

        public void Add(int events)
        {
            Interlocked.Add(ref count, events);
            Interlocked.Increment(ref batches);
        }
    }

    public sealed class Functions(Counter counter)
    {
        [Function("Count")]
        public void Run([EventHubTrigger("%EventHub:Name%", Connection = "EventHub", ConsumerGroup = "%EventHub:Group%")] EventData[] events) => counter.Add(events.Length);
    }
}
