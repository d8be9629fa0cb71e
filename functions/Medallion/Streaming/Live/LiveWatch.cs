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
    // Batches of several partitions that come so close together are shown together.
    private static readonly TimeSpan Dwell = TimeSpan.FromMilliseconds(25);
    private readonly StreamRoutes routes;
    private readonly Func<StreamTarget, ProvisionalCount> open;
    private readonly ConcurrentDictionary<string, Counter> counters = new();
    private readonly TimeProvider clock;
    private readonly ILogger logger;

    internal LiveWatch(StreamRoutes routes, Func<StreamTarget, ProvisionalCount> open, TimeProvider clock, ILogger logger) =>
        (this.routes, this.open, this.clock, this.logger) = (routes, open, clock, logger);

    /// <summary>Counts a batch of one partition.</summary>
    /// <returns>The aggregates as they stand with it; of batches that are counted together one gets them, the others nothing.</returns>
    public async Task<IReadOnlyList<LiveAnswer>> WatchAsync(HubPartition partition, IReadOnlyList<StreamEvent> events, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        var targets = await routes.OfAsync(partition.Hub, anew: false, cancellationToken);
        var answers = new List<LiveAnswer>();
        foreach (var of in events.GroupBy(e => StreamRoutes.Find(targets, e.Source)))
        {
            if (of.Key is { } target && target.Aggregates.Any(a => a.Mode == LiveMode.Event))
            {
                answers.AddRange(await CountAsync(target, new Arrival(partition, [.. of]), cancellationToken));
            }
        }

        return answers;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var counter in counters.Values)
        {
            counter.Count.Dispose();
            counter.Turn.Dispose();
        }
    }

    private async Task<IReadOnlyList<LiveAnswer>> CountAsync(StreamTarget target, Arrival arrival, CancellationToken cancellationToken)
    {
        var counter = counters.AddOrUpdate(
            target.Name,
            _ => new Counter(target, open(target)),
            (_, now) => now.Target.Pipeline.Hash == target.Pipeline.Hash ? now : new Counter(target, open(target)));
        counter.Waiting.Enqueue(arrival);
        await Task.Delay(Dwell, clock, cancellationToken);
        await counter.Turn.WaitAsync(cancellationToken);
        try
        {
            var batch = new List<Arrival>();
            while (counter.Waiting.TryDequeue(out var next))
            {
                batch.Add(next);
            }

            return batch.Count == 0 ? [] : await counter.Count.CountAsync(batch, cancellationToken);
        }
        catch (Exception error) when (error is LakehouseException or DuckDbException)
        {
            // Shown a little later, when it is committed.
            logger.NotCounted(target.Name, error.Message);
            return [];
        }
        finally
        {
            counter.Turn.Release();
        }
    }

    private sealed record Counter(StreamTarget Target, ProvisionalCount Count)
    {
        public ConcurrentQueue<Arrival> Waiting { get; } = new();

        public SemaphoreSlim Turn { get; } = new(1);
    }
}
