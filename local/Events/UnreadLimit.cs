using Pipeline.Local.Emulators;

namespace Pipeline.Local.Events;

/// <summary>Holds back events while the app has yet to take many: the broker on this machine keeps only the last 5 MiB of a partition, read or not.</summary>
internal sealed class UnreadLimit(EventBroker broker, Screen screen, TimeProvider clock)
{
    /// <summary>For a partition; what is on its way counts for each.</summary>
    public const long MostBytes = 4 << 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Backlog backlog = new();
    private bool isTold;

    /// <summary>For how long events were held back.</summary>
    public TimeSpan Waited { get; private set; }

    public void Add(string key, int partition, long offset, long size) => backlog.Add(key, partition, offset, size);

    /// <summary>Waits until the broker has room.</summary>
    /// <param name="key">The event's key.</param>
    /// <param name="needed">The bytes of the event and of what is on its way.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="LaunchException">The app takes nothing for two minutes.</exception>
    public async Task MakeRoomAsync(string key, Func<long> needed, CancellationToken stop)
    {
        if (backlog.BytesOf(key) + needed() <= MostBytes)
        {
            return;
        }

        await LookAsync(stop);
        var begun = clock.GetTimestamp();
        var (largest, since) = (backlog.BytesOf(key), begun);
        try
        {
            while (backlog.BytesOf(key) + needed() > MostBytes)
            {
                if (!isTold)
                {
                    screen.Line("The app is slower than the events come, which now wait for it: the broker keeps 5 MiB of a partition and drops what is older, read or not.");
                    isTold = true;
                }

                await Task.Delay(Interval, clock, stop);
                await LookAsync(stop);
                if (backlog.BytesOf(key) < largest)
                {
                    (largest, since) = (backlog.BytesOf(key), clock.GetTimestamp());
                }
                else if (clock.GetElapsedTime(since) > Patience)
                {
                    throw new LaunchException(
                        $"The app has taken no event for {Patience.TotalMinutes} minutes; the broker has {largest} bytes of one partition that are not read. See its log, and whether it reads from this broker.");
                }
            }
        }
        finally
        {
            Waited += clock.GetElapsedTime(begun);
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        if (await Task.Run(broker.Committed, stop) is { } committed)
        {
            backlog.Taken(committed);
        }
    }
}
