namespace Pipeline.Local.Events;

/// <summary>Waits until the tables have what was sent.</summary>
internal sealed class Arrival(EventBroker broker, Reconciler reconciler, SentOffsets sent, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // An app that keeps its checkpoints elsewhere commits no offsets.
    private static readonly TimeSpan LongestWithoutLook = TimeSpan.FromSeconds(5);

    /// <summary>How many events the app is known to have taken.</summary>
    public long Taken { get; private set; }

    /// <summary>Waits until all events are in the tables, or nothing has changed for two minutes.</summary>
    /// <returns>What the tables have, and whether that is all.</returns>
    public async Task<(Reconciler.Found Found, bool IsAll)> WaitAsync(CancellationToken cancellationToken)
    {
        var (found, behind) = (new Reconciler.Found(), (long?)sent.Count);
        var (changed, looked) = (clock.GetTimestamp(), clock.GetTimestamp());
        while (true)
        {
            var before = (found, behind);
            behind = await Task.Run(broker.Committed, cancellationToken) is { } committed ? sent.Behind(committed) : null;
            if (behind == 0 || clock.GetElapsedTime(looked) > LongestWithoutLook)
            {
                found = await reconciler.LookAsync(sent.Ranges, cancellationToken);
                looked = clock.GetTimestamp();
            }

            Taken = Math.Max(found.Events, sent.Count - (behind ?? sent.Count));
            changed = (found, behind) == before ? changed : clock.GetTimestamp();
            var quiet = clock.GetElapsedTime(changed);
            var isAll = found.Events >= sent.Count && found.Missing == 0;
            if (isAll && (behind == 0 || quiet > LongestWithoutLook))
            {
                return (found, true);
            }

            if (quiet > Patience)
            {
                return (found, false);
            }

            await Task.Delay(Interval, clock, cancellationToken);
        }
    }
}
