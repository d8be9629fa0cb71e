namespace Pipeline.Faults.Storage;

/// <summary>When, seen from a write, the app is killed.</summary>
public enum Moment
{
    /// <summary>Storage never sees the write.</summary>
    Before,

    /// <summary>The write is done, its answer never read.</summary>
    After,

    /// <summary>The write is still on its way as the process ends, and arrives while its successor is at work.</summary>
    Late,
}

/// <summary>Kills the app once: at a write, or when told.</summary>
public sealed class Kill(Func<StorageRequest, bool> at, Moment moment, Func<Task> kill) : StorageFaults
{
    private readonly TaskCompletionSource<StorageRequest?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
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

    public override async Task<Fault> BeforeAsync(StorageRequest request)
    {
        if (moment != Moment.Late || !await KillsAsync(request))
        {
            return moment == Moment.Before && await KillsAsync(request) ? Fault.Cut : Fault.None;
        }

        await released.Task;
        return Fault.None;
    }

    public override async Task<Fault> AfterAsync(StorageRequest request, int status)
    {
        if (done.Task.IsCompletedSuccessfully && await done.Task == request)
        {
            arrived.TrySetResult();
        }

        return moment == Moment.After && await KillsAsync(request) ? Fault.Cut : Fault.None;
    }

    /// <summary>What the app's successor meets: a late write arrives just before its own to the same address, or before its tenth write.</summary>
    public StorageFaults Successor() => moment == Moment.Late && done.Task.IsCompletedSuccessfully && done.Task.Result is { } late ? new Straggler(this, late) : None;

    /// <summary>Lets a late write go on.</summary>
    public Task ReleaseAsync()
    {
        released.TrySetResult();
        return moment == Moment.Late && HasBegun ? arrived.Task.WaitAsync(TimeSpan.FromSeconds(30)) : Task.CompletedTask;
    }

    /// <summary>Kills now.</summary>
    public async Task NowAsync(StorageRequest? request = null)
    {
        if (Interlocked.Exchange(ref begun, 1) == 0)
        {
            await kill();
            done.TrySetResult(request);
        }
    }

    private async Task<bool> KillsAsync(StorageRequest request)
    {
        if (HasBegun || !request.IsWrite || !at(request))
        {
            return false;
        }

        await NowAsync(request);
        return true;
    }

    private sealed class Straggler(Kill kill, StorageRequest late) : StorageFaults
    {
        private const int AtTheLatest = 10;

        public override async Task<Fault> BeforeAsync(StorageRequest request)
        {
            if (request.IsWrite && (request.Target == late.Target || request.WriteNumber == AtTheLatest))
            {
                await kill.ReleaseAsync();
            }

            return Fault.None;
        }
    }
}
