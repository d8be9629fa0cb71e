namespace Pipeline.Lakehouse.Storage;

/// <summary>A file of the cache and its download. The cache's gate guards the leases.</summary>
internal sealed class CachedFile(string localName, string localFile, long sizeBytes, LakePath? path)
{
    private readonly Lock gate = new();
    private Action? stop;
    private bool stopped;

    public string LocalName => localName;

    public string LocalFile => localFile;

    public long SizeBytes => sizeBytes;

    /// <summary>Where it came from; null for a file that an earlier process left.</summary>
    public LakePath? Path => path;

    public int Leases { get; set; }

    public Task Download { get; private set; } = Task.CompletedTask;

    public void Start(Func<CancellationToken, Task> download) => Download = Task.Run(async () =>
    {
        using var source = new CancellationTokenSource();
        SetStop(source.Cancel);
        try
        {
            await download(source.Token);
        }
        finally
        {
            SetStop(null);
        }
    });

    /// <summary>Ends the download if it is running.</summary>
    public void Stop()
    {
        lock (gate)
        {
            stopped = true;
            stop?.Invoke();
        }
    }

    private void SetStop(Action? cancel)
    {
        lock (gate)
        {
            stop = cancel;
            if (stopped)
            {
                cancel?.Invoke();
            }
        }
    }
}
