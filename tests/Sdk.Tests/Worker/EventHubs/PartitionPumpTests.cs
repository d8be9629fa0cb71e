using Confluent.Kafka;
using Microsoft.Azure.Functions.Worker.Hosting.EventHubs;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

public sealed class PartitionPumpTests
{
    private const int Megabyte = 1024 * 1024;
    private static readonly TopicPartition Partition = new("events", 0);

    [Theory]
    [InlineData(10, 100, 10)]
    [InlineData(10_000, Megabyte, 4)]
    [InlineData(10_000, 100_000, 42)]
    public async Task Add_UntilFull_IsBoundByEventsAndBytes(int prefetch, int bytes, int expected)
    {
        var pump = new PartitionPump(Partition, new EventHubOptions { PrefetchCount = prefetch, MaxEventBatchSize = 10_000 }, TimeProvider.System);
        var added = 0;
        while (!pump.IsFull)
        {
            pump.Add(Event(added++, bytes));
        }

        Assert.Equal(expected, added);
        Assert.False(pump.HasRoom);
        Assert.Equal(added, pump.Next);

        var running = pump.RunAsync((results, number) =>
        {
            Assert.Equal((expected, 1L), (results.Count, number));
            pump.Lose();
            return Task.CompletedTask;
        });
        await running.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.True(pump.HasRoom);
    }

    private static ConsumeResult<string?, byte[]?> Event(int offset, int bytes) => new()
    {
        TopicPartitionOffset = new(Partition, offset),
        Message = new() { Value = new byte[bytes] },
    };
}
