using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Streaming.Kinds;

/// <summary>A while in which storage fails: a single request, some in a row, or all.</summary>
/// <param name="disturb">What becomes of a request that is hit.</param>
/// <param name="which">The requests that can be hit.</param>
/// <param name="moment">Before: storage never sees the request. After: it is done.</param>
/// <param name="most">The most requests that are hit.</param>
internal sealed class StorageEpisode(Func<Task<Fault>> disturb, Func<StorageRequest, bool> which, Moment moment, int most) : StorageFaults
{
    private readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource last = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int hit;

    /// <summary>Ends when a request was hit.</summary>
    public Task First => first.Task;

    /// <summary>Ends when as many were hit as may be.</summary>
    public Task Last => last.Task;

    public override Task<Fault> BeforeAsync(StorageRequest request) => HitAsync(request, Moment.Before);

    public override Task<Fault> AfterAsync(StorageRequest request, int status) => HitAsync(request, Moment.After);

    // The hub's lease is renewed whether or not anything flows.
    private async Task<Fault> HitAsync(StorageRequest request, Moment now)
    {
        if (now != moment || !which(request) || request.Target.Contains("'lease'", StringComparison.Ordinal) || Interlocked.Increment(ref hit) is var number && number > most)
        {
            return Fault.None;
        }

        first.TrySetResult();
        if (number == most)
        {
            last.TrySetResult();
        }

        return await disturb();
    }
}
