using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.Medallion.Streaming;

/// <summary>Takes what a hub delivers. Delivery may repeat, overlap and come from several instances at once: each event is in the tables once.</summary>
public sealed class StreamIngest : IDisposable
{
    private readonly StreamRoutes routes;
    private readonly EventSchemas schemas;
    private readonly UnroutedEvents unrouted;
    private readonly ConcurrentDictionary<string, StreamLane> lanes = new();
    private readonly GapWatch gaps;
    private readonly Func<string, StreamLane> open;

    internal StreamIngest(
        StreamRoutes routes, EventSchemas schemas, GapWatch gaps, StreamLander lander, StreamCleaner cleaner, LiveWindows windows, UnroutedEvents unrouted, EventLog events, StreamMetrics metrics, TimeProvider clock, ILogger logger)
    {
        (this.routes, this.schemas, this.gaps, this.unrouted) = (routes, schemas, gaps, unrouted);
        open = _ => new StreamLane(lander, cleaner, windows, events, metrics, clock, logger);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lane in lanes.Values)
        {
            lane.Dispose();
        }
    }

    /// <summary>Takes a batch of one partition. It returns when every event of it is committed: in bronze, and in silver or rejected.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="events">Its events, in the order of their numbers.</param>
    /// <param name="cancellationToken">Ends the wait; events that are on their way are committed all the same.</param>
    /// <exception cref="TransientException">It may not all be committed; the same call makes up for it.</exception>
    public async Task IngestAsync(HubPartition partition, IReadOnlyList<StreamEvent> events, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (events.Count == 0)
        {
            return;
        }

        var targets = await routes.OfAsync(partition.Hub, anew: false, cancellationToken);
        if (events.Any(e => StreamRoutes.Find(targets, e.Source) is null))
        {
            targets = await routes.OfAsync(partition.Hub, anew: true, cancellationToken);
            if (events.Where(e => StreamRoutes.Find(targets, e.Source) is null).Select(e => routes.WhyUnknown(targets, e.Source)).FirstOrDefault(why => why is not null) is { } wait)
            {
                throw new TransientException(wait);
            }
        }

        await gaps.LookAsync(partition, events, targets, cancellationToken);
        var bySource = (await schemas.DecodeAsync(events, cancellationToken)).GroupBy(e => StreamRoutes.Find(targets, e.Source)).ToList();
        await Task.WhenAll(bySource.Select(of => of.Key is { } target
            ? lanes.GetOrAdd(target.Name, open).AddAsync(target, new Arrival(partition, [.. of]), cancellationToken)
            : unrouted.RejectAsync(partition, [.. of], targets, cancellationToken)));
    }
}
