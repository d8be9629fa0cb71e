using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.Medallion.Streaming;

/// <summary>The waiting room of one source: batches that wait at the same time share a commit per table, and each waits until that commit is there.</summary>
/// <remarks>What waits is bounded by the trigger: it gives a partition's next batch only when the last one is through.</remarks>
internal sealed class StreamLane(StreamLander lander, StreamCleaner cleaner, LiveWindows windows, EventLog events, StreamMetrics metrics, TimeProvider clock, ILogger logger) : IDisposable
{
    // Beyond that a commit does not wait for more: enough for a good file, and within a session's memory.
    private const long MostEvents = 50_000;
    private const long MostBytes = 32L << 20;

    // So many are worth a commit where the oldest has waited in the hub for as long as the source says: more is there, and partitions that wait here bring nothing.
    private const long BacklogEvents = 5_000;
    private static readonly TimeSpan CatchUpPause = TimeSpan.FromSeconds(2);

    private readonly Lock door = new();
    private readonly SemaphoreSlim turn = new(1);
    private List<Waiting> waiting = [];
    private TaskCompletionSource? full;
    private (long Events, long Bytes) load;
    private bool isFollowing;

    /// <summary>Waits for others for as long as the source says, and then until the events are committed.</summary>
    public async Task AddAsync(StreamTarget target, Arrival arrival, CancellationToken cancellationToken)
    {
        var own = new Waiting(arrival, clock.GetTimestamp());
        TaskCompletionSource? first = null;
        lock (door)
        {
            waiting.Add(own);
            load = (load.Events + arrival.Events.Count, load.Bytes + arrival.Events.Sum(e => (long)e.Body.Length));
            full ??= first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (load.Events >= MostEvents || load.Bytes >= MostBytes || (load.Events >= BacklogEvents && IsOverdue(target, arrival)))
            {
                full.TrySetResult();
            }
        }

        if (first is not null)
        {
            // Whoever comes first lands for all; that it is cancelled must not fail the others.
            _ = LandSoonAsync(target, first.Task);
        }

        await own.Committed.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    private async Task LandSoonAsync(StreamTarget target, Task enough)
    {
        List<Waiting> batch = [];
        try
        {
            await Task.WhenAny(Task.Delay(target.Source.Stream?.Land ?? TimeSpan.Zero, clock), enough);
            await turn.WaitAsync(CancellationToken.None);
            try
            {
                batch = Close();
                await LandAsync(target, batch);
                batch.ForEach(w => w.Committed.TrySetResult());
            }
            finally
            {
                turn.Release();
            }
        }
#pragma warning disable CA1031 // Whatever it is, those who wait learn of it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            batch.ForEach(w => w.Committed.TrySetException(error));
        }
    }

    private bool IsOverdue(StreamTarget target, Arrival arrival) => clock.GetUtcNow() - arrival.Events[0].EnqueuedUtc > target.Source.Stream?.Land;

    private List<Waiting> Close()
    {
        lock (door)
        {
            var batch = waiting;
            (waiting, full, load) = ([], null, default);
            return batch;
        }
    }

    private async Task LandAsync(StreamTarget target, List<Waiting> batch)
    {
        var landing = await lander.LandAsync(target, [.. batch.Select(w => w.Arrival)], CancellationToken.None);
        Note(target, landing, batch);
        var outcome = await CatchUpAsync(target, landing);
        if (outcome == CatchUp.Postponed && !Interlocked.Exchange(ref isFollowing, true))
        {
            _ = FollowAsync(target, landing);
        }

        metrics.Commits.Record(clock.GetElapsedTime(batch.Max(w => w.Since)).TotalSeconds, StreamMetrics.Source(target));
        if (outcome == CatchUp.Done)
        {
            await windows.AdvanceAsync(target, CancellationToken.None);
        }
    }

    // What is wrong with a definition or a whole batch stays wrong: the events are in bronze, the partition goes on, and people are told.
    private async Task<CatchUp> CatchUpAsync(StreamTarget target, Landing landing)
    {
        var (outcome, reason) = (CatchUp.Done, "");
        try
        {
            outcome = await cleaner.CatchUpAsync(target, landing.Bronze, CancellationToken.None);
        }
        catch (TerminalException error)
        {
            (outcome, reason) = (CatchUp.Held, error.Message);
        }

        if (outcome is CatchUp.Held or CatchUp.NeedsRun)
        {
            reason = outcome == CatchUp.NeedsRun ? "there is too much to clean for one function: run the pipeline" : reason.Length > 0 ? reason : "the batch is below its floor";
            logger.Behind(target.Name, reason);
            await events.TryAppendAsync(
                new NewEvent
                {
                    Type = "stream.behind",
                    Source = $"{target.Pipeline.Definition.Name}/{target.Silver}",
                    Message = $"The events of {target.Name} are in {target.Bronze} up to version {landing.Bronze.Version}, but {target.Silver} does not follow: {reason}",
                    Key = $"stream.behind/{target.Name}/{landing.Bronze.TableId}/{landing.Bronze.Version}",
                },
                CancellationToken.None);
        }

        return outcome;
    }

    // Nobody may come any more who would clean what was left to a run.
    private async Task FollowAsync(StreamTarget target, Landing landing)
    {
        try
        {
            do
            {
                await Task.Delay(CatchUpPause, clock);
            }
            while (await CatchUpAsync(target, landing) == CatchUp.Postponed);
        }
#pragma warning disable CA1031 // The next landing or run does it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            logger.Behind(target.Name, error.Message);
        }
        finally
        {
            Interlocked.Exchange(ref isFollowing, false);
        }
    }

    private void Note(StreamTarget target, Landing landing, List<Waiting> batch)
    {
        var source = StreamMetrics.Source(target);
        metrics.Events.Add(landing.Taken, source);
        metrics.Repeats.Add(landing.Repeats, source);
        metrics.Delay.Record((clock.GetUtcNow() - batch.Min(w => w.Arrival.Events.Min(e => e.EnqueuedUtc))).TotalSeconds, source);
        logger.Landed(target.Name, landing.Taken, landing.Repeats, batch.Count, landing.Bronze.Version);
    }

    private sealed record Waiting(Arrival Arrival, long Since)
    {
        public TaskCompletionSource Committed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
