using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pipeline.Local.Kafka;

namespace Microsoft.Azure.Functions.Worker.Hosting.EventHubs;

/// <summary>Which events a function gets.</summary>
internal sealed record Subscription(string EventHub, string ConsumerGroup);

/// <summary>
/// Feeds one function from an event hub: a member of its consumer group, which shares the partitions among its hosts. As in the real trigger, the
/// checkpoint moves on after a batch whose function has failed and whose retries are spent, and stays where it is if the partition was lost meanwhile.
/// </summary>
internal sealed class EventHubListener(
    DiscoveredFunction function, Subscription subscription, BrokerConnection connection, EventHubOptions options, RetriedRunner runner, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollIntervalWhilePaused = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(5);

    // Held by whoever changes the ownership of partitions or moves a checkpoint.
    private readonly Lock gate = new();
    private readonly Dictionary<TopicPartition, PartitionPump> pumps = [];
    private readonly ConcurrentDictionary<Task, bool> running = new();
    private readonly List<PartitionPump> paused = [];
    private readonly BrokerErrors errors = new(function.Name, time, log);
    private CancellationToken stopping;
    private volatile bool renewed;

    private bool IsLeaving => renewed || stopping.IsCancellationRequested;

    /// <summary>Ends when the token is cancelled and the invocations that ran then have ended. A broker that is gone is waited for.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        stopping = cancellationToken;
        while (!stopping.IsCancellationRequested)
        {
            renewed = false;
            try
            {
                await ConsumeAsync();
            }
            catch (Exception error)
            {
                log.ConsumerEnded(error, function.Name, RestartDelay);
            }

            if (!renewed)
            {
                await Task.Delay(RestartDelay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ConsumeAsync()
    {
        using var consumer = Build();
        try
        {
            consumer.Subscribe(subscription.EventHub);
            await Task.Factory.StartNew(() => Poll(consumer), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            Lose(consumer, [.. pumps.Keys]);
            if (stopping.IsCancellationRequested)
            {
                // The next owner of a partition should not run beside them.
                await Task.WhenAll(running.Keys);
            }

            consumer.Close();
        }
    }

    private IConsumer<string?, byte[]?> Build() => new ConsumerBuilder<string?, byte[]?>(ConsumerSettings.Of(connection, subscription.ConsumerGroup))
        .SetErrorHandler((_, error) => errors.Tell(error))
        .SetLogHandler((_, line) => log.ClientLine(line.Message))
        .SetPartitionsAssignedHandler(Assign)
        .SetPartitionsRevokedHandler((consumer, partitions) => Lose(consumer, partitions.Select(partition => partition.TopicPartition)))
        .SetPartitionsLostHandler((consumer, partitions) =>
        {
            Lose(consumer, partitions.Select(partition => partition.TopicPartition));
            Renew();
        })
        .Build();

    private void Poll(IConsumer<string?, byte[]?> consumer)
    {
        while (!IsLeaving)
        {
            try
            {
                if (consumer.Consume(paused.Count == 0 ? PollInterval : PollIntervalWhilePaused) is { } result && pumps.TryGetValue(result.TopicPartition, out var pump))
                {
                    Hand(consumer, pump, result);
                }
            }
            catch (ConsumeException error) when (!error.Error.IsFatal)
            {
                errors.Tell(error.Error);
            }

            foreach (var pump in paused.FindAll(pump => pump.HasRoom))
            {
                paused.Remove(pump);
                consumer.Resume([pump.Partition]);
            }
        }
    }

    private void Hand(IConsumer<string?, byte[]?> consumer, PartitionPump pump, ConsumeResult<string?, byte[]?> result)
    {
        var offset = result.Offset.Value;
        if (pump.Next is { } next && offset != next)
        {
            log.GoesOnElsewhere(function.Name, pump.Partition.Partition.Value, offset, next);
            if (offset < next && pump.HasBegun)
            {
                Renew();
                return;
            }
        }

        pump.Add(result);
        if (pump.IsFull)
        {
            paused.Add(pump);
            consumer.Pause([pump.Partition]);
        }
    }

    /// <summary>A client commits no checkpoint below the last one it knows of, which counts for nothing once the broker was emptied: a new client takes over.</summary>
    private void Renew() => renewed = true;

    private List<TopicPartitionOffset> Assign(IConsumer<string?, byte[]?> consumer, List<TopicPartition> partitions)
    {
        if (IsLeaving)
        {
            return [.. partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset))];
        }

        var offsets = StartingOffsets(consumer, partitions);
        lock (gate)
        {
            foreach (var start in offsets)
            {
                var pump = new PartitionPump(start.TopicPartition, options, time) { Next = start.Offset.IsSpecial ? null : start.Offset.Value };
                pumps[start.TopicPartition] = pump;
                var task = PumpAsync(consumer, pump);
                running[task] = true;
                _ = task.ContinueWith(ended => running.TryRemove(ended, out _), TaskScheduler.Default);
            }
        }

        log.Given(function.Name, Numbers(partitions));
        return offsets;
    }

    private List<TopicPartitionOffset> StartingOffsets(IConsumer<string?, byte[]?> consumer, List<TopicPartition> partitions)
    {
        try
        {
            var initial = options.FromEnd ? Offset.End : Offset.Beginning;
            return [.. consumer.Committed(partitions, AnswerDeadline).Select(committed => new TopicPartitionOffset(
                committed.TopicPartition, committed.Offset.IsSpecial ? initial : committed.Offset))];
        }
        catch (KafkaException error)
        {
            // The client then asks for the checkpoints itself, and again.
            errors.Tell(error.Error);
            return [.. partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset))];
        }
    }

    private static string Numbers(IEnumerable<TopicPartition> partitions) => string.Join(", ", partitions.Select(partition => partition.Partition.Value).Order());

    private void Lose(IConsumer<string?, byte[]?> consumer, IEnumerable<TopicPartition> partitions)
    {
        lock (gate)
        {
            List<PartitionPump> lost = [.. partitions.Select(partition => pumps.GetValueOrDefault(partition)).OfType<PartitionPump>()];
            foreach (var pump in lost)
            {
                pumps.Remove(pump.Partition);
                if (paused.Remove(pump))
                {
                    // The client would remember the pause, should the partition come back.
                    consumer.Resume([pump.Partition]);
                }

                pump.Lose();
            }

            if (lost.Count > 0)
            {
                log.Lost(function.Name, Numbers(lost.Select(pump => pump.Partition)));
            }
        }
    }

    private async Task PumpAsync(IConsumer<string?, byte[]?> consumer, PartitionPump pump)
    {
        await Task.Yield();
        try
        {
            var context = new PartitionContext(connection.Namespace, subscription.EventHub, subscription.ConsumerGroup, $"{pump.Partition.Partition.Value}");
            await pump.RunAsync(async (results, number) =>
            {
                var moves = number % options.BatchCheckpointFrequency == 0;
                var (batch, next) = (EventBatch.Of(results), results[^1].Offset + 1);

                // The function has the events now; they are not to be held twice for as long as it runs.
                results.Clear();
                await runner.RunAsync(function, batch, batch.BindingData(context with { IsCheckpointingAfterInvocation = moves }), pump.Token);
                if (moves)
                {
                    MoveCheckpoint(consumer, pump, next);
                }
            });
        }
        catch (Exception error)
        {
            // The function's own failures end in the runner.
            log.ConsumerEnded(error, function.Name, TimeSpan.Zero);
            Renew();
        }
    }

    private void MoveCheckpoint(IConsumer<string?, byte[]?> consumer, PartitionPump pump, Offset next)
    {
        lock (gate)
        {
            if (!pump.Token.IsCancellationRequested)
            {
                consumer.StoreOffset(new TopicPartitionOffset(pump.Partition, next));
            }
        }
    }
}
