using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>Live aggregates in the mode <c>event</c>: what arrives is counted at once, on top of what is committed, and shown as provisional. Nothing is kept of it: what an instance
/// has counted is forgotten when the commit of those events is, or the instance ends.</summary>
/// <remarks>Several instances share the partitions, and each counts its own on top of what all have committed.</remarks>
public sealed class LiveWatch : IDisposable
{
    private readonly StreamRoutes routes;
    private readonly EventSchemas schemas;
    private readonly ConcurrentDictionary<string, LiveCounter> counters = new();
    private readonly Func<StreamTarget, ProvisionalCount> open;
    private readonly TimeProvider clock;
    private readonly ILogger logger;

    internal LiveWatch(StreamRoutes routes, EventSchemas schemas, Func<StreamTarget, ProvisionalCount> open, TimeProvider clock, ILogger logger) =>
        (this.routes, this.schemas, this.open, this.clock, this.logger) = (routes, schemas, open, clock, logger);

    /// <summary>Counts a batch of one partition.</summary>
    /// <returns>The aggregates as they stand with it; of batches that are counted together one gets them, the others nothing.</returns>
    public async Task<IReadOnlyList<LiveAnswer>> WatchAsync(HubPartition partition, IReadOnlyList<StreamEvent> events, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        var targets = await routes.OfAsync(partition.Hub, anew: false, cancellationToken);
        await CloseOthersAsync([.. targets.Where(IsWatched).Select(t => t.Name)]);
        var answers = new List<LiveAnswer>();
        foreach (var of in events.GroupBy(e => StreamRoutes.Find(targets, e.Source)))
        {
            if (of.Key is { } target && IsWatched(target))
            {
                answers.AddRange(await CountAsync(target, partition, [.. of], cancellationToken));
            }
        }

        return answers;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var counter in counters.Values)
        {
            counter.Dispose();
        }
    }

    private static bool IsWatched(StreamTarget target) => target.Aggregates.Any(a => a.Mode == LiveMode.Event);

    private async Task<IReadOnlyList<LiveAnswer>> CountAsync(StreamTarget target, HubPartition partition, IReadOnlyList<StreamEvent> events, CancellationToken cancellationToken)
    {
        var counter = counters.GetOrAdd(target.Name, _ => new LiveCounter(open, clock));
        try
        {
            return await counter.CountAsync(target, new Arrival(partition, await schemas.DecodeAsync(events, cancellationToken)), cancellationToken);
        }
        catch (Exception error) when (error is LakehouseException or DuckDbException)
        {
            // Shown a little later, when it is committed.
            logger.NotCounted(target.Name, error.Message);
            return [];
        }
    }

    // An app is bound to one hub: what its routes do not name is watched no more.
    private async Task CloseOthersAsync(HashSet<string> watched)
    {
        foreach (var name in counters.Keys.Where(name => !watched.Contains(name)))
        {
            if (counters.TryRemove(name, out var counter))
            {
                await counter.CloseAsync();
            }
        }
    }
}
