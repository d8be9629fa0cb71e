namespace Pipeline.Lakehouse.Storage;

/// <content>Leases that wait for room.</content>
public sealed partial class FileCache
{
    private readonly SemaphoreSlim turn = new(1);

    // Set when a lease ends.
    private TaskCompletionSource released = NewSignal();

    /// <summary>How long a lease waits for others to end before it gives up.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The lake that the files come from.</summary>
    internal ILake Lake => lake;

    /// <summary>As <see cref="AcquireAsync"/>, but within the bound: waits until the files have room beside those of other leases. Who waits is served in turn, and has
    /// no file meanwhile: a caller that holds a lease must not wait for another, and none that waits keeps one from ending.</summary>
    /// <exception cref="TerminalException">The files together are larger than the cache's limit, or a file does not exist or has not the size told.</exception>
    /// <exception cref="TransientException">The lake failed, or there was no room for ten minutes.</exception>
    public async Task<CacheLease> AcquireInTurnAsync(IReadOnlyList<CacheRequest> files, CancellationToken cancellationToken)
    {
        var wanted = Distinct(files);
        RequireLimit(wanted);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        waiting.CancelAfter(Patience);
        List<CachedFile> leased;
        try
        {
            leased = await LeaseInTurnAsync(wanted, waiting.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransientException($"{wanted.Sum(file => file.DiskBytes):n0} bytes of the cache of {limitBytes:n0} were waited for, and other steps kept them for {Patience.TotalMinutes} minutes.");
        }

        return await BringAsync(files, leased, cancellationToken);
    }

    private async Task<List<CachedFile>> LeaseInTurnAsync(List<CacheRequest> wanted, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            while (true)
            {
                Task next;
                lock (gate)
                {
                    if (HasRoom(wanted))
                    {
                        return Lease(wanted);
                    }

                    next = released.Task;
                }

                await next.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    private bool HasRoom(List<CacheRequest> wanted)
    {
        var names = wanted.Select(file => file.LocalName).ToHashSet(StringComparer.Ordinal);
        return wanted.Sum(file => file.DiskBytes) + files.Values.Where(file => file.Leases > 0 && !names.Contains(file.LocalName)).Sum(file => file.SizeBytes) <= limitBytes;
    }

    private void RequireLimit(List<CacheRequest> requests)
    {
        var wanted = requests.Sum(request => request.DiskBytes);
        if (wanted > limitBytes)
        {
            throw new TerminalException(
                $"{requests.Count} files of {wanted:n0} bytes are wanted at once, from {requests[0].Path} on; the cache holds {limitBytes:n0} bytes. Give the app more scratch disk, or read fewer partitions.");
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
