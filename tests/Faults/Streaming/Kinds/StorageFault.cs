using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Streaming.Kinds;

/// <summary>Storage fails, seen from the app: a request or two, a dozen, or all for a while.</summary>
internal sealed class StorageFault(string kind, string description, Func<TimeSpan, CancellationToken, Task<Fault>> disturb, Func<StorageRequest, bool> which) : StreamFault(kind, description)
{
    // In paces; a long one outlasts the patience of the storage client, so that the trigger has to try again.
    private const double Least = 0.5;
    private const double Long = 20;
    private const int LongEvery = 20;
    private static readonly int[] Sizes = [1, 2, 12, int.MaxValue];
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>Storage answers with an error; of conflicts only writes with a condition can learn.</summary>
    public static StorageFault Answer(string kind, Fault fault, Func<StorageRequest, bool> which) => new(kind, $"storage answers {kind}", (_, _) => Task.FromResult(fault), which);

    /// <summary>Connections are cut.</summary>
    public static StorageFault Reset() => new("reset", "connection resets", (_, _) => Task.FromResult(Fault.Cut), _ => true);

    /// <summary>No answer comes until the other side hangs up.</summary>
    public static StorageFault TimeOut() => new("timeout", "storage does not answer in time", async (pace, stop) =>
    {
        await Task.Delay(pace * 2, stop);
        return Fault.Cut;
    }, _ => true);

    /// <summary>Every answer takes its time.</summary>
    public static StorageFault Slow() => new("slow", "slow storage", async (pace, stop) =>
    {
        await Task.Delay(pace / 2, stop);
        return Fault.None;
    }, _ => true);

    public override async Task InjectAsync(StreamSandbox sandbox, Random random, CancellationToken cancellationToken)
    {
        var moment = random.Next(2) == 0 ? Moment.Before : Moment.After;
        var (length, most) = random.Next(LongEvery) == 0 ? (Long, int.MaxValue) : (Least + random.NextDouble(), Sizes[random.Next(Sizes.Length)]);
        var episode = new StorageEpisode(() => disturb(sandbox.Pace, cancellationToken), which, moment, most);
        sandbox.Proxy.Arm(episode);
        try
        {
            await episode.First.WaitAsync(Deadline, cancellationToken);
            await Task.WhenAny(episode.Last, Task.Delay(sandbox.Pace * length, cancellationToken));
        }
        finally
        {
            sandbox.Proxy.Arm(StorageFaults.None);
        }
    }
}
