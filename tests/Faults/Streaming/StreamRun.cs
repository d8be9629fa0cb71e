using System.Diagnostics;

namespace Pipeline.Faults.Streaming;

/// <summary>Plays a kind of fault: round after round events flow, the fault happens, and the first commit after it is waited for; then the tables are judged.</summary>
internal sealed class StreamRun(StreamSandbox sandbox, Action<string> tell)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    // A round is so long by what its events say, and the live aggregate's lateness is many rounds.
    private static readonly TimeSpan RoundTime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Night = TimeSpan.FromHours(12);

    /// <summary>Plays faults of a kind: as many as the result is to have, among as many events, from its first on.</summary>
    public async Task<KindResult> PlayAsync(StreamFault fault, KindResult result, CancellationToken cancellationToken)
    {
        var (events, faults) = (result.Events, result.Faults);
        var begun = Stopwatch.StartNew();
        var random = new Random(HashCode(fault.Kind, result.Seed) + result.First);
        var mark = sandbox.Producer.Now;
        var recoveries = new List<double>();
        try
        {
            for (var round = 0; round < faults; round++)
            {
                var share = (int)(((long)events * (round + 1) / faults) - ((long)events * round / faults));
                recoveries.Add(await RoundAsync(fault, share, random, cancellationToken));
            }

            await fault.EndAsync(sandbox, cancellationToken);
            var sent = await sandbox.Producer.FlushAsync(mark, cancellationToken);
            var played = result with { Events = sent.Count, Verdict = await JudgeAsync(sent, cancellationToken), RecoverySeconds = recoveries, MostUnreadBytes = sandbox.MostUnreadBytes, Seconds = begun.Elapsed.TotalSeconds };
            sandbox.KeepFolder = !played.Passed;
            return played.Passed ? played : played with { Problems = [$"{(played.Verdict.Duplicated > 0 ? $"rows twice in {played.Verdict.DuplicatedIn}; " : "")}logs: {sandbox.Folder}"] };
        }
        catch (Exception error) when (error is TimeoutException or HttpRequestException or Pipeline.Lakehouse.LakehouseException)
        {
            sandbox.KeepFolder = true;
            return result with { Faults = recoveries.Count, RecoverySeconds = recoveries, Seconds = begun.Elapsed.TotalSeconds, Problems = [$"round {recoveries.Count + 1}: {error.Message}", $"logs: {sandbox.Folder}"] };
        }
    }

    private async Task<double> RoundAsync(StreamFault fault, int events, Random random, CancellationToken cancellationToken)
    {
        var begin = sandbox.Producer.Now;
        sandbox.Producer.Spacing = RoundTime / Math.Max(1, events);
        var before = sandbox.Producer.SendAsync(events / 2, sandbox.Pace, cancellationToken);
        await Task.Delay(random.NextDouble() * sandbox.Pace, cancellationToken);
        if (fault.NeedsAllRead)
        {
            await before;
            await LandedAsync(begin, cancellationToken);
        }

        await fault.InjectAsync(sandbox, random, cancellationToken);
        var (mark, recovery) = (sandbox.Producer.Now, Stopwatch.StartNew());
        await fault.MendAsync(sandbox, cancellationToken);
        var after = sandbox.Producer.SendAsync(events - (events / 2), sandbox.Pace, cancellationToken);
        await sandbox.Landed.AnyAsync(() => sandbox.Producer.Since(mark), Deadline, cancellationToken);
        var seconds = recovery.Elapsed.TotalSeconds;
        await Task.WhenAll(before, after);
        await LandedAsync(begin, cancellationToken);
        tell($"{fault.Kind}: recovered after {seconds:F2} s");
        return seconds;
    }

    private async Task LandedAsync(EventProducer.Mark since, CancellationToken cancellationToken) =>
        await sandbox.Landed.AllAsync(await sandbox.Producer.FlushAsync(since, cancellationToken), Deadline, cancellationToken);

    // Events of the next day, to every partition, close all windows of this one.
    private async Task<Verdict> JudgeAsync(IReadOnlyList<SentEvent> sent, CancellationToken cancellationToken)
    {
        var check = new StreamCheck(sandbox.Api);
        var (first, end, last) = (sent.Min(e => e.Id), sent.Max(e => e.Id) + 1, sandbox.Producer.Time - sandbox.Producer.Spacing);
        // What is not there in time is lost, says the verdict.
        await IsSoonAsync(() => check.IsCleanAsync(first, end, cancellationToken), cancellationToken);
        var morning = sandbox.Producer.Now;
        sandbox.Producer.Leap(Night);
        sandbox.Producer.Spacing = TimeSpan.FromMilliseconds(1);
        await sandbox.Producer.SendAsync(2 * BrokerLag.Partitions, TimeSpan.Zero, cancellationToken);
        await LandedAsync(morning, cancellationToken);
        if (!await IsSoonAsync(() => check.IsClosedAsync(last, cancellationToken), cancellationToken))
        {
            throw new TimeoutException($"The live aggregate's windows up to {last:u} did not close within {Deadline.TotalSeconds:0} s.");
        }

        return await check.JudgeAsync(sent, cancellationToken);
    }

    private static async Task<bool> IsSoonAsync(Func<Task<bool>> done, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (!await done())
        {
            if (waited.Elapsed > Deadline)
            {
                return false;
            }

            await Task.Delay(Poll, cancellationToken);
        }

        return true;
    }

    private static int HashCode(string kind, int seed) => kind.Aggregate(seed, (hash, letter) => unchecked((hash * 31) + letter));
}
