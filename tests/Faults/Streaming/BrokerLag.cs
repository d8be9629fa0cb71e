using System.Net.Http.Json;

namespace Pipeline.Faults.Streaming;

/// <summary>Keeps what is unread of each partition under what the broker holds: it would drop the rest.</summary>
internal sealed class BrokerLag : IDisposable
{
    /// <summary>How many partitions the hub has.</summary>
    public const int Partitions = 32;

    /// <summary>The most unread bytes of a partition; the broker keeps 5 MiB.</summary>
    public const long MaxUnreadBytes = 4 << 20;

    // Its body, its share of the frame around it, and something to spare.
    private const int EventBytes = 256;

    // Events, to whichever partition, after which the broker is asked again.
    private const int AskEvery = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly SemaphoreSlim turn = new(1);
    private HttpClient? control;
    private long room;

    /// <summary>The most that was ever unread of a partition, in bytes.</summary>
    public long MostBytes { get; private set; }

    /// <summary>Asks this broker from now on.</summary>
    public void Watch(HttpClient next) => control = next;

    /// <summary>Waits until so many more events may be sent.</summary>
    public async Task MakeRoomAsync(int events, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            while (room < events)
            {
                var unread = await UnreadAsync(cancellationToken) * EventBytes;
                MostBytes = Math.Max(MostBytes, unread);
                room = Math.Min((MaxUnreadBytes - unread) / EventBytes, Math.Max(events, AskEvery));
                if (room < events)
                {
                    await Task.Delay(Pause, cancellationToken);
                }
            }

            room -= events;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    // A broker that is down takes nothing either.
    private async Task<long> UnreadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var lags = await (control ?? throw new InvalidOperationException("There is no broker to ask.")).GetFromJsonAsync<PartitionLag[]>(
                    new Uri($"lag?group=%24Default&topic={StreamSandbox.Hub}", UriKind.Relative), cancellationToken) ?? [];
                return lags.Max(l => l.Lag);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    private sealed record PartitionLag(int Partition, long Lag);
}
