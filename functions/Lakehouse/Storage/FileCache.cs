namespace Pipeline.Lakehouse.Storage;

/// <summary>Immutable lake files on scratch disk, bounded in bytes; the least recently used ones make room.</summary>
/// <remarks>One cache owns its folder. What an earlier process left there is used again if its size is right, whole files being the only ones with a final name.
/// The bound is soft against leases that do not wait: files in use are never evicted, so several leases may together exceed it.</remarks>
public sealed partial class FileCache : IDisposable
{
    private const int ParallelDownloads = 8;
    private readonly ILake lake;
    private readonly string folder;
    private readonly long limitBytes;
    private readonly SemaphoreSlim downloads = new(ParallelDownloads);
    private readonly Lock gate = new();
    private readonly Dictionary<string, CachedFile> files = new(StringComparer.Ordinal);

    // Files without a lease, the least recently used first.
    private readonly LinkedList<CachedFile> idle = [];
    private long usedBytes;
    private bool disposed;

    /// <summary>Opens a cache.</summary>
    /// <param name="lake">Where the files come from.</param>
    /// <param name="folder">Where they are kept; made if it is not there.</param>
    /// <param name="limitBytes">How much disk they may take, in bytes.</param>
    public FileCache(ILake lake, string folder, long limitBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limitBytes);
        this.lake = lake;
        this.folder = Path.GetFullPath(folder);
        this.limitBytes = limitBytes;
        TakeOver();
        Evict(0);
    }

    /// <summary>How much disk the files may take, in bytes.</summary>
    public long LimitBytes => limitBytes;

    /// <summary>Disk taken by files that are here or on their way, in bytes.</summary>
    public long UsedBytes
    {
        get
        {
            lock (gate)
            {
                return usedBytes;
            }
        }
    }

    /// <summary>Brings files to local disk, unless they are there, and keeps them until the lease is disposed. Concurrent callers share a download.</summary>
    /// <exception cref="TerminalException">The files together are larger than the cache's limit, or a file does not exist or has not the size told.</exception>
    /// <exception cref="TransientException">The lake failed.</exception>
    public async Task<CacheLease> AcquireAsync(IReadOnlyList<CacheRequest> files, CancellationToken cancellationToken) =>
        await BringAsync(files, Lease(Distinct(files)), cancellationToken);

    private async Task<CacheLease> BringAsync(IReadOnlyList<CacheRequest> files, List<CachedFile> leased, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(leased.Select(file => file.Download)).WaitAsync(cancellationToken);
            return new CacheLease(files.Select(file => LocalFile(file.LocalName)).ToList(), () => Release(leased));
        }
        catch
        {
            Release(leased);
            throw;
        }
    }

    /// <summary>Moves a local file that was just uploaded into the cache, if there is room for it, so that it need not be downloaded.</summary>
    /// <param name="request">What the file is on the lake.</param>
    /// <param name="localFile">The file; it is gone afterwards if it was adopted.</param>
    public void Adopt(CacheRequest request, string localFile)
    {
        var target = LocalFile(request.LocalName);
        lock (gate)
        {
            Evict(request.SizeBytes);
            if (disposed || files.ContainsKey(request.LocalName) || usedBytes + request.SizeBytes > limitBytes)
            {
                return;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(target) ?? folder);
            File.Move(localFile, target, overwrite: true);
            var file = new CachedFile(request.LocalName, target, request.SizeBytes, request.Path);
            files.Add(request.LocalName, file);
            usedBytes += file.SizeBytes;
            idle.AddLast(file);
        }
    }

    /// <summary>Ends running downloads and waits for that; the files stay for the next process.</summary>
    public void Dispose()
    {
        List<CachedFile> running;
        lock (gate)
        {
            disposed = true;
            running = files.Values.Where(file => !file.Download.IsCompleted).ToList();
        }

        running.ForEach(file => file.Stop());
        Task.WhenAll(running.Select(file => file.Download)).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        downloads.Dispose();
        turn.Dispose();
    }

    private static List<CacheRequest> Distinct(IReadOnlyList<CacheRequest> files) => files.DistinctBy(file => file.LocalName, StringComparer.Ordinal).ToList();

    private List<CachedFile> Lease(List<CacheRequest> requests)
    {
        RequireLimit(requests);
        var names = requests.ConvertAll(request => LocalFile(request.LocalName));
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);

            // What is here is leased before room is made, so that it is not evicted for its neighbours.
            var known = requests.ConvertAll(request => files.TryGetValue(request.LocalName, out var file) && IsUsable(file, request) ? file : null);
            known.ForEach(file => Use(file));
            Evict(requests.Where((_, i) => known[i] is null).Sum(request => request.DiskBytes));
            return requests.Select((request, i) => known[i] ?? Start(request, names[i])).ToList();
        }
    }

    private bool IsUsable(CachedFile file, CacheRequest request)
    {
        if (file.SizeBytes == request.DiskBytes && (file.Path is null || file.Path == request.Path))
        {
            return true;
        }

        if (file.Leases > 0)
        {
            throw new TerminalException($"The cached file '{request.LocalName}' is in use for {file.Path} ({file.SizeBytes} bytes); {request.Path} ({request.DiskBytes} bytes) cannot have the same name.");
        }

        Remove(file);
        return false;
    }

    private CachedFile Start(CacheRequest request, string localFile)
    {
        var file = new CachedFile(request.LocalName, localFile, request.DiskBytes, request.Path) { Leases = 1 };
        files.Add(request.LocalName, file);
        usedBytes += file.SizeBytes;
        file.Start(token => DownloadAsync(request, localFile, token));
        return file;
    }

    private async Task DownloadAsync(CacheRequest request, string localFile, CancellationToken cancellationToken)
    {
        await downloads.WaitAsync(cancellationToken);
        try
        {
            await (request.Ranges is { } ranges
                ? SparseFile.DownloadAsync(lake, request.Path, request.SizeBytes, ranges, localFile, cancellationToken)
                : lake.DownloadAsync(request.Path, localFile, null, cancellationToken));
        }
        finally
        {
            downloads.Release();
        }

        var size = new FileInfo(localFile).Length;
        if (size != request.SizeBytes)
        {
            File.Delete(localFile);
            throw new TerminalException($"{request.Path} has {size} bytes on the lake; the table's log says {request.SizeBytes}. The file was replaced or damaged: restore it.");
        }

        lock (gate)
        {
            // It became whole just when its last caller gave up: nobody would count it.
            if (!files.ContainsKey(request.LocalName))
            {
                File.Delete(localFile);
            }
        }
    }

    private void Use(CachedFile? file)
    {
        if (file is { Leases: 0 })
        {
            idle.Remove(file);
        }

        if (file is not null)
        {
            file.Leases++;
        }
    }

    private void Release(List<CachedFile> leased)
    {
        lock (gate)
        {
            foreach (var file in leased.Where(file => --file.Leases == 0))
            {
                if (file.Download.IsCompletedSuccessfully)
                {
                    idle.AddLast(file);
                }
                else
                {
                    // Failed, or nobody waits for it any more: the next caller starts afresh.
                    file.Stop();
                    Forget(file);
                }
            }

            Evict(0);
            released.TrySetResult();
            released = NewSignal();
        }
    }

    private void Evict(long neededBytes)
    {
        while (usedBytes + neededBytes > limitBytes && idle.First is { } oldest)
        {
            Remove(oldest.Value);
        }
    }

    // Deleted under the gate, so that a new download of the same name cannot be hit.
    private void Remove(CachedFile file)
    {
        idle.Remove(file);
        Forget(file);
        File.Delete(file.LocalFile);
    }

    private void Forget(CachedFile file)
    {
        files.Remove(file.LocalName);
        usedBytes -= file.SizeBytes;
    }

    private string LocalFile(string localName) =>
        localName.Split('/').Any(segment => segment is "" or "." or "..") || Path.IsPathRooted(localName)
            ? throw new ArgumentException($"'{localName}' is not a relative path of '/'-separated names.", nameof(localName))
            : Path.Combine(folder, Path.Combine(localName.Split('/')));

    private void TakeOver()
    {
        Directory.CreateDirectory(folder);
        foreach (var found in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(file => file.LastWriteTimeUtc).ToList())
        {
            if (found.Extension is WholeFile.PartSuffix or SparseFile.Suffix)
            {
                found.Delete();
                continue;
            }

            var name = Path.GetRelativePath(folder, found.FullName).Replace(Path.DirectorySeparatorChar, '/');
            var file = new CachedFile(name, found.FullName, found.Length, path: null);
            files.Add(name, file);
            idle.AddLast(file);
            usedBytes += file.SizeBytes;
        }
    }
}
