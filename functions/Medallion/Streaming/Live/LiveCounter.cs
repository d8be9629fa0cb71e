using System.Collections.Concurrent;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>Counts what arrives for one source, one batch at a time: batches that come while it counts are counted together.</summary>
internal sealed class LiveCounter(Func<StreamTarget, ProvisionalCount> open, TimeProvider clock) : IDisposable
{
    // At most a third of the time goes into counting. A batch that comes after a pause is counted at once.
    private const int PausePerCount = 2;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentQueue<Waiting> queue = new();
    private readonly SemaphoreSlim turn = new(1);
    private ProvisionalCount? count;
    private bool isClosed;
    private long endedAt;
    private TimeSpan pause;

    /// <summary>Counts a batch.</summary>
    /// <param name="target">The source, as it is now.</param>
    /// <param name="arrival">The batch.</param>
    /// <param name="cancellationToken">Ends the wait; what others count goes on.</param>
    /// <returns>The aggregates as they stand with it; nothing where another batch's caller got them.</returns>
    /// <exception cref="LakehouseException">What is committed could not be read.</exception>
    /// <exception cref="DuckDbException">The rows could not be counted.</exception>
    public async Task<IReadOnlyList<LiveAnswer>> CountAsync(StreamTarget target, Arrival arrival, CancellationToken cancellationToken)
    {
        var own = new Waiting(arrival);
        queue.Enqueue(own);
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (own.IsTaken || isClosed)
            {
                return [];
            }

            if (clock.GetElapsedTime(endedAt) is var idle && idle < pause)
            {
                await Task.Delay(pause - idle, clock, cancellationToken);
            }

            return await CountAsync(target, Take());
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Ends it when nobody counts; batches that still come are left out.</summary>
    public async Task CloseAsync()
    {
        await turn.WaitAsync();
        isClosed = true;
        End();
        turn.Release();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        End();
        turn.Dispose();
    }

    private void End()
    {
        count?.Dispose();
        count = null;
    }

    private List<Arrival> Take()
    {
        var batch = new List<Arrival>();
        while (queue.TryDequeue(out var next))
        {
            next.IsTaken = true;
            batch.Add(next.Arrival);
        }

        return batch;
    }

    // No token: others' batches are among them.
    private async Task<IReadOnlyList<LiveAnswer>> CountAsync(StreamTarget target, List<Arrival> batch)
    {
        var begun = clock.GetTimestamp();
        if (count is not null && count.Target.Pipeline.Hash != target.Pipeline.Hash)
        {
            End();
        }

        count ??= open(target);
        try
        {
            return await count.CountAsync(batch, CancellationToken.None);
        }
        catch
        {
            End();
            throw;
        }
        finally
        {
            endedAt = clock.GetTimestamp();
            pause = TimeSpan.FromTicks(Math.Clamp(PausePerCount * clock.GetElapsedTime(begun, endedAt).Ticks, ShortestPause.Ticks, LongestPause.Ticks));
        }
    }

    private sealed class Waiting(Arrival arrival)
    {
        public Arrival Arrival => arrival;

        public bool IsTaken { get; set; }
    }
}
