namespace Pipeline.Medallion.Streaming;

/// <summary>Tells the events that a table has not seen from repeats, by nothing but the position that is in the table.</summary>
/// <remarks>A repeat lies at or below the position in both number and time. A lower number with a later time is of a hub that was created anew (or of a broker that lost
/// its memory): a new incarnation. The time is the latest one seen, because clocks of brokers and producers may go back.</remarks>
internal sealed class StreamCursor(StreamPosition? position)
{
    /// <summary>Where it stands; null where it has seen nothing.</summary>
    public StreamPosition? Position { get; private set; } = position;

    /// <summary>Events that were seen before.</summary>
    public long Repeats { get; private set; }

    /// <summary>The numbers that are missing, as the first and the last of each gap.</summary>
    public List<(long First, long Last)> Gaps { get; } = [];

    /// <summary>Whether an event is new; the cursor then stands behind it. Events come in the order of their numbers.</summary>
    public bool Take(StreamEvent next)
    {
        if (Position is not { } last)
        {
            Position = new StreamPosition(next.Sequence, next.EnqueuedUtc, 0);
            return true;
        }

        if (next.Sequence > last.Sequence)
        {
            if (next.Sequence > last.Sequence + 1)
            {
                Gaps.Add((last.Sequence + 1, next.Sequence - 1));
            }

            Position = last with { Sequence = next.Sequence, EnqueuedUtc = next.EnqueuedUtc > last.EnqueuedUtc ? next.EnqueuedUtc : last.EnqueuedUtc };
            return true;
        }

        if (next.EnqueuedUtc <= last.EnqueuedUtc)
        {
            Repeats++;
            return false;
        }

        Position = new StreamPosition(next.Sequence, next.EnqueuedUtc, last.Incarnation + 1);
        return true;
    }
}
