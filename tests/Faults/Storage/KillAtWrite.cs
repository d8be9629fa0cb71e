namespace Pipeline.Faults.Storage;

/// <summary>When, seen from a write, the app is killed.</summary>
public enum Moment
{
    /// <summary>Storage never sees the write.</summary>
    Before,

    /// <summary>The write is done, its answer never read.</summary>
    After,
}

/// <summary>Kills the app at its k-th write.</summary>
public sealed class KillAtWrite(long write, Moment moment, Func<Task> kill) : StorageFaults
{
    private readonly TaskCompletionSource<StorageRequest> killed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The write at which the app was killed, once its process has ended.</summary>
    public Task<StorageRequest> Killed => killed.Task;

    public override Task<Fault> BeforeAsync(StorageRequest request) => KillAsync(request, Moment.Before);

    public override Task<Fault> AfterAsync(StorageRequest request, int status) => KillAsync(request, Moment.After);

    private async Task<Fault> KillAsync(StorageRequest request, Moment now)
    {
        if (request.WriteNumber != write || now != moment)
        {
            return Fault.None;
        }

        await kill();
        killed.TrySetResult(request);
        return Fault.Cut;
    }
}
