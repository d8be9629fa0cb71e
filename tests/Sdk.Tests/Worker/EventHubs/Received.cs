using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

/// <summary>What a function was called with, and how it is to behave.</summary>
public sealed class Received
{
    private readonly ConcurrentQueue<Batch> batches = new();

    /// <summary>Awaited in every call; by default it lets the call succeed at once.</summary>
    public Func<Batch, CancellationToken, Task> Behaviour { get; set; } = (_, _) => Task.CompletedTask;

    public IReadOnlyList<Batch> Batches => [.. batches];

    /// <summary>The bodies that arrived from a partition, in the order of their arrival, repeats included.</summary>
    public IReadOnlyList<string> Bodies(int partition) =>
        [.. batches.Where(batch => batch.Partition == $"{partition}").SelectMany(batch => batch.Events).Select(received => received.EventBody.ToString())];

    public int Count => batches.Sum(batch => batch.Events.Count);

    public async Task TakeAsync(EventData[] events, JsonElement partitionContext, FunctionContext context)
    {
        var batch = new Batch(events, partitionContext, context.RetryContext?.RetryCount);
        batches.Enqueue(batch);
        await Behaviour(batch, context.CancellationToken);
    }

    public sealed record Batch(IReadOnlyList<EventData> Events, JsonElement Context, int? RetryCount)
    {
        public string? Partition => Context.GetProperty("PartitionId").GetString();
    }
}
