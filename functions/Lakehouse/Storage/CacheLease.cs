namespace Pipeline.Lakehouse.Storage;

/// <summary>Local copies of lake files that stay until the lease is disposed.</summary>
public sealed class CacheLease : IDisposable
{
    private Action? release;

    internal CacheLease(IReadOnlyList<string> localFiles, Action release)
    {
        LocalFiles = localFiles;
        this.release = release;
    }

    /// <summary>Absolute paths, in the order of the request.</summary>
    public IReadOnlyList<string> LocalFiles { get; }

    /// <summary>Gives the files free for eviction.</summary>
    public void Dispose() => Interlocked.Exchange(ref release, null)?.Invoke();
}
