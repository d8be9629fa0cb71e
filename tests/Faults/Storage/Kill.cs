namespace Pipeline.Faults.Storage;

/// <summary>When, seen from a write, the app is killed.</summary>
public enum Moment
{
    /// <summary>Storage never sees the write.</summary>
    Before,

    /// <summary>The write is done, its answer never read.</summary>
    After,
}

/// <summary>Kills the app once: at a write, or when told.</summary>
public sealed class Kill(Func<StorageRequest, bool> at, Moment moment, Func<Task> kill) : StorageFaults
{
    private readonly TaskCompletionSource<StorageRequest?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int begun;

    /// <summary>Kills at the k-th write.</summary>
    public Kill(long write, Moment moment, Func<Task> kill)
        : this(request => request.WriteNumber == write, moment, kill)
    {
    }

    /// <summary>Whether the kill is done or being done.</summary>
    public bool HasBegun => Volatile.Read(ref begun) != 0;

    /// <summary>The write at which the app was killed, once its process has ended; null if it was killed when told.</summary>
    public Task<StorageRequest?> Done => done.Task;

    public override Task<Fault> BeforeAsync(StorageRequest request) => AtAsync(request, Moment.Before);

    public override Task<Fault> AfterAsync(StorageRequest request, int status) => AtAsync(request, Moment.After);

    /// <summary>Kills now.</summary>
    public async Task NowAsync(StorageRequest? request = null)
    {
        if (Interlocked.Exchange(ref begun, 1) == 0)
        {
            await kill();
            done.TrySetResult(request);
        }
    }

    private async Task<Fault> AtAsync(StorageRequest request, Moment now)
    {
        if (now != moment || HasBegun || !request.IsWrite || !at(request))
        {
            return Fault.None;
        }

        await NowAsync(request);
        return Fault.Cut;
    }
}
