using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>What is committed of some aggregates of a source, read anew beside the counting: nobody waits for storage but the first.</summary>
internal sealed class CommittedCounts(StreamTarget target, IReadOnlyList<AggregateDefinition> aggregates, LiveStore store, TimeProvider clock)
{
    // It is asked for so often, and waited for where an answer takes too long.
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestAge = TimeSpan.FromSeconds(10);
    private Task<IReadOnlyList<Committed>>? reading;
    private IReadOnlyList<Committed>? known;
    private DateTimeOffset askedUtc;

    /// <summary>The aggregates, in their order. The same objects as the last time, unless more is committed.</summary>
    public async Task<IReadOnlyList<Committed>> ReadAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (reading is null && now - askedUtc >= Age)
        {
            askedUtc = now;
            reading = AskAsync(known, cancellationToken);
        }

        if (reading is not null && (known is null || reading.IsCompleted || now - askedUtc > LongestAge))
        {
            try
            {
                known = await reading;
            }
            finally
            {
                reading = null;
            }
        }

        return known ?? [];
    }

    private async Task<IReadOnlyList<Committed>> AskAsync(IReadOnlyList<Committed>? before, CancellationToken cancellationToken)
    {
        var heads = await Task.WhenAll(aggregates.Select(a => store.HeadAsync(NameOf(a), cancellationToken)));
        return before is not null && before.Zip(heads, (was, now) => was.Head.Applied == now.Applied && was.Head.ClosedThrough == now.ClosedThrough).All(same => same)
            ? before
            : await Task.WhenAll(aggregates.Zip(heads, (aggregate, head) => WindowsAsync(aggregate, head, cancellationToken)));
    }

    private async Task<Committed> WindowsAsync(AggregateDefinition aggregate, LiveHead head, CancellationToken cancellationToken)
    {
        if (head.Partitions.Count == 0)
        {
            return new Committed(head, new Dictionary<long, IReadOnlyList<LiveRow>>());
        }

        var first = head.Partitions.Values.Max(p => p.LatestMs) - (long)(aggregate.Size + (ProvisionalCount.Windows * aggregate.Every)).TotalMilliseconds;
        var windows = await store.WindowsAsync(NameOf(aggregate), first, null, cancellationToken);

        // Partitions are put together once, not with every batch.
        return new Committed(head, windows.ToDictionary(w => w.Key, w => (IReadOnlyList<LiveRow>)
            [.. LiveGroups.Merge(w.Value).Select(g => new LiveRow { Partition = "", Group = g.Group, Covered = 0, Tallies = g.Tallies })]));
    }

    private string NameOf(AggregateDefinition aggregate) => LiveWindows.KeyOf(target.Pipeline.Definition.Name, aggregate.Name);
}

/// <summary>What is committed of an aggregate.</summary>
/// <param name="Head">How far it is counted.</param>
/// <param name="Windows">Its newest windows by their begin, a row for each group.</param>
internal sealed record Committed(LiveHead Head, IReadOnlyDictionary<long, IReadOnlyList<LiveRow>> Windows);
