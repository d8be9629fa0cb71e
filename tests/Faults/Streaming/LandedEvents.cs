using System.Diagnostics;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Streaming;

namespace Pipeline.Faults.Streaming;

/// <summary>How far bronze has the hub's events, by the positions in its commits.</summary>
internal sealed class LandedEvents(ILake lake)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly LakePath Bronze = LakeTables.Root(StreamSandbox.Pipeline, new TableKey("bronze", "readings"));

    // It is asked all the time, and what it costs the app has not.
    private readonly NewestSnapshots newest = new(lake, TimeProvider.System);

    /// <summary>Waits until bronze has one of some events, asked for again and again.</summary>
    /// <exception cref="TimeoutException">It has none in time.</exception>
    public Task AnyAsync(Func<IReadOnlyList<SentEvent>> events, TimeSpan deadline, CancellationToken cancellationToken) =>
        UntilAsync(snapshot => events().Any(e => Has(snapshot, e)), deadline, cancellationToken);

    /// <summary>Waits until bronze has all of some events.</summary>
    /// <exception cref="TimeoutException">It has not in time.</exception>
    public Task AllAsync(IReadOnlyList<SentEvent> events, TimeSpan deadline, CancellationToken cancellationToken)
    {
        // Of each partition the last one: what comes before it in the partition is in the same commit or an earlier one.
        var last = events.GroupBy(e => e.Partition).Select(p => p.MaxBy(e => (e.Incarnation, e.Offset))).ToList();
        return UntilAsync(snapshot => last.TrueForAll(e => Has(snapshot, e)), deadline, cancellationToken);
    }

    private async Task UntilAsync(Predicate<DeltaSnapshot> there, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (await newest.ReadAsync(Bronze, cancellationToken) is not { } snapshot || !there(snapshot))
        {
            if (waited.Elapsed > deadline)
            {
                throw new TimeoutException($"Events that were acknowledged are not in bronze after {deadline.TotalSeconds:0} s.");
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    private static bool Has(DeltaSnapshot bronze, SentEvent sent) =>
        StreamPosition.Of(bronze, new HubPartition(StreamSandbox.Hub, $"{sent.Partition}")) is { } at
        && (at.Incarnation > sent.Incarnation || (at.Incarnation == sent.Incarnation && at.Sequence >= sent.Offset));
}
