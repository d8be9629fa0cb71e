using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pipeline.Medallion.Events;

namespace Pipeline.Medallion.Streaming;

/// <summary>Watches the numbers of each partition: one that never comes was dropped by the broker, or has lain there longer than the broker keeps events.</summary>
/// <remarks>It looks at all events of a partition, whichever source they belong to. Where this instance has not seen the partition yet, it goes on from what is in the tables.</remarks>
internal sealed class GapWatch(LakeTables tables, EventLog events, StreamMetrics metrics, ILogger logger)
{
    private readonly ConcurrentDictionary<HubPartition, StreamPosition> seen = new();

    /// <summary>Tells of the numbers that are missing before and among the events of a batch.</summary>
    public async Task LookAsync(HubPartition partition, IReadOnlyList<StreamEvent> batch, IReadOnlyList<StreamTarget> targets, CancellationToken cancellationToken)
    {
        var cursor = new StreamCursor(seen.GetValueOrDefault(partition) ?? await InTablesAsync(partition, targets, cancellationToken));
        foreach (var next in batch)
        {
            cursor.Take(next);
        }

        foreach (var (first, last) in cursor.Gaps)
        {
            await TellAsync(partition, first, last, targets, cancellationToken);
        }

        if (cursor.Position is { } position)
        {
            seen[partition] = position;
        }
    }

    private async Task<StreamPosition?> InTablesAsync(HubPartition partition, IReadOnlyList<StreamTarget> targets, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(targets.Select(async t =>
            StreamPosition.Of(await tables.Open(t.Pipeline.Definition.Name, t.Bronze).ReadAsync((long?)null, cancellationToken), partition)));
        return found.OfType<StreamPosition>().MaxBy(p => (p.EnqueuedUtc, p.Sequence));
    }

    private async Task TellAsync(HubPartition partition, long first, long last, IReadOnlyList<StreamTarget> targets, CancellationToken cancellationToken)
    {
        var missing = last - first + 1;
        metrics.Missing.Add(missing, new KeyValuePair<string, object?>("hub", partition.Hub), new KeyValuePair<string, object?>("partition", partition.Id));
        logger.Gap(partition.Hub, partition.Id, first, last);
        await events.TryAppendAsync(
            new NewEvent
            {
                Type = "stream.gap",
                Source = targets is [var target] ? $"{target.Pipeline.Definition.Name}/{target.Bronze}" : partition.Hub,
                Message = $"{missing} events of partition {partition} never arrived: their numbers are {first} to {last}",
                Data = EventData.Of(("hub", partition.Hub), ("partition", partition.Id), ("first", first), ("last", last), ("missing", missing)),
                Key = $"stream.gap/{partition}/{first}/{last}",
            },
            cancellationToken);
    }
}
