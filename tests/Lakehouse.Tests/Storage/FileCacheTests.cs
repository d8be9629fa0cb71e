using System.Collections.Concurrent;
using System.Globalization;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Storage;

public sealed class FileCacheTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private readonly string folder = Directory.CreateTempSubdirectory("cache-").FullName;
    private readonly DownloadsOnly lake = new();

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        lake.Dispose();
    }

    [Fact]
    public async Task AcquireAsync_SeveralFiles_AreInOrderAndCounted()
    {
        using var cache = new FileCache(lake, folder, 100);
        using var lease = await cache.AcquireAsync([File10("t/year=2024/b"), File10("a")], default);

        Assert.Equal([Path.Combine(folder, "t", "year=2024", "b"), Path.Combine(folder, "a")], lease.LocalFiles);
        Assert.All(lease.LocalFiles, file => Assert.Equal(10, new FileInfo(file).Length));
        Assert.Equal(20, cache.UsedBytes);
    }

    [Fact]
    public async Task AcquireAsync_Again_DoesNotDownload()
    {
        using var cache = new FileCache(lake, folder, 100);
        (await cache.AcquireAsync([File10("a")], default)).Dispose();
        (await cache.AcquireAsync([File10("a"), File10("a")], default)).Dispose();

        Assert.Single(lake.Downloads);
    }

    [Fact]
    public async Task AcquireAsync_OverTheLimit_EvictsTheLeastRecentlyUsed()
    {
        using var cache = new FileCache(lake, folder, 30);
        foreach (var name in new[] { "a", "b", "c", "a", "d" })
        {
            (await cache.AcquireAsync([File10(name)], default)).Dispose();
        }

        Assert.Equal(["a", "c", "d"], LocalFiles());
        Assert.Equal(30, cache.UsedBytes);
    }

    [Fact]
    public async Task AcquireAsync_OverTheLimit_NeverEvictsLeasedFiles()
    {
        using var cache = new FileCache(lake, folder, 20);
        var first = await cache.AcquireAsync([File10("a"), File10("b")], default);
        var second = await cache.AcquireAsync([File10("b"), File10("c")], default);

        Assert.Equal(["a", "b", "c"], LocalFiles());
        first.Dispose();
        first.Dispose();
        Assert.Equal(["b", "c"], LocalFiles());
        second.Dispose();
        Assert.Equal(["b", "c"], LocalFiles());
    }

    [Fact]
    public async Task AcquireAsync_HitsAndMisses_DoesNotEvictItsOwnHits()
    {
        using var cache = new FileCache(lake, folder, 20);
        (await cache.AcquireAsync([File10("a"), File10("b")], default)).Dispose();

        using var lease = await cache.AcquireAsync([File10("new"), File10("a")], default);

        Assert.All(lease.LocalFiles, file => Assert.True(File.Exists(file)));
        Assert.Equal(["a", "new"], LocalFiles());
    }

    [Fact]
    public async Task AcquireAsync_MoreThanTheLimit_ThrowsTerminalBeforeDownloading()
    {
        using var cache = new FileCache(lake, folder, 19);
        var error = await Assert.ThrowsAsync<TerminalException>(() => cache.AcquireAsync([File10("a"), File10("b")], default));
        Assert.Contains("19 bytes", error.Message, StringComparison.Ordinal);
        Assert.Empty(lake.Downloads);
    }

    [Fact]
    public async Task AcquireAsync_Concurrent_ShareOneDownload()
    {
        using var cache = new FileCache(lake, folder, 100);
        lake.Hold();
        var callers = Enumerable.Range(0, 20).Select(_ => cache.AcquireAsync([File10("a")], default)).ToList();
        await lake.StartedAsync(1);
        lake.Continue();

        foreach (var lease in await Task.WhenAll(callers).WaitAsync(Deadline))
        {
            lease.Dispose();
        }

        Assert.Single(lake.Downloads);
    }

    [Fact]
    public async Task AcquireAsync_ManyFiles_DownloadsEightAtOnce()
    {
        using var cache = new FileCache(lake, folder, 1000);
        lake.Hold();
        var caller = cache.AcquireAsync(Enumerable.Range(0, 30).Select(number => File10($"{number}")).ToList(), default);
        await lake.StartedAsync(8);
        lake.Continue();
        (await caller.WaitAsync(Deadline)).Dispose();

        Assert.Equal(30, lake.Downloads.Count);
        Assert.Equal(8, lake.MostAtOnce);
    }

    [Fact]
    public async Task AcquireAsync_OneCallerCancels_TheOtherGetsTheFile()
    {
        using var cache = new FileCache(lake, folder, 100);
        using var cancellation = new CancellationTokenSource();
        lake.Hold();
        var first = cache.AcquireAsync([File10("a")], cancellation.Token);
        var second = cache.AcquireAsync([File10("a")], default);
        await lake.StartedAsync(1);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Deadline));
        lake.Continue();

        using var lease = await second.WaitAsync(Deadline);
        Assert.True(File.Exists(lease.LocalFiles[0]));
        Assert.Single(lake.Downloads);
    }

    [Fact]
    public async Task AcquireAsync_AllCallersCancel_TheDownloadEndsAndIsForgotten()
    {
        using var cache = new FileCache(lake, folder, 100);
        using var cancellation = new CancellationTokenSource();
        lake.Hold();
        var caller = cache.AcquireAsync([File10("a")], cancellation.Token);
        await lake.StartedAsync(1);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller.WaitAsync(Deadline));
        await lake.CancelledAsync();

        Assert.Equal(0, cache.UsedBytes);
        lake.Continue();
        using var lease = await cache.AcquireAsync([File10("a")], default);
        Assert.True(File.Exists(lease.LocalFiles[0]));
    }

    [Fact]
    public async Task AcquireAsync_DownloadFails_NextCallerTriesAgain()
    {
        using var cache = new FileCache(lake, folder, 100);
        lake.FailNext = new TransientException("The lake is away.");
        await Assert.ThrowsAsync<TransientException>(() => cache.AcquireAsync([File10("a"), File10("b")], default));

        using var lease = await cache.AcquireAsync([File10("a"), File10("b")], default);

        Assert.Equal(["a", "b"], LocalFiles());
        Assert.Equal(20, cache.UsedBytes);
    }

    [Fact]
    public async Task AcquireAsync_OtherSizeOnTheLake_ThrowsTerminalAndKeepsNothing()
    {
        using var cache = new FileCache(lake, folder, 100);
        var error = await Assert.ThrowsAsync<TerminalException>(() => cache.AcquireAsync([File10("a") with { SizeBytes = 11 }], default));
        Assert.Contains("lake/a has 10 bytes", error.Message, StringComparison.Ordinal);
        Assert.Empty(LocalFiles());
        Assert.Equal(0, cache.UsedBytes);
    }

    [Fact]
    public async Task Constructor_FolderOfAnEarlierProcess_IsUsedAgainWhereSizesMatch()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "old"), "0123456789");
        await File.WriteAllTextAsync(Path.Combine(folder, "other"), "short");
        await File.WriteAllTextAsync(Path.Combine(folder, "half.x.part"), "0123");
        using var cache = new FileCache(lake, folder, 100);
        Assert.Equal(15, cache.UsedBytes);

        using var lease = await cache.AcquireAsync([File10("old"), File10("other")], default);

        Assert.Equal(["lake/other"], lake.Downloads);
        Assert.Equal(["old", "other"], LocalFiles());
        Assert.Equal(20, cache.UsedBytes);
    }

    [Fact]
    public void Constructor_FolderOverTheLimit_MakesRoom()
    {
        File.WriteAllText(Path.Combine(folder, "newer"), "0123456789");
        File.WriteAllText(Path.Combine(folder, "older"), "0123456789");
        File.SetLastWriteTimeUtc(Path.Combine(folder, "older"), new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        using var cache = new FileCache(lake, folder, 15);
        Assert.Equal(["newer"], LocalFiles());
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("/etc/outside")]
    [InlineData("")]
    public async Task AcquireAsync_NameOutsideTheFolder_Throws(string name)
    {
        using var cache = new FileCache(lake, folder, 100);
        await Assert.ThrowsAsync<ArgumentException>(() => cache.AcquireAsync([new CacheRequest(new LakePath("lake", "a"), 10, name)], default));
        Assert.Empty(lake.Downloads);
    }

    [Fact]
    public async Task Dispose_DownloadRunning_EndsIt()
    {
        var cache = new FileCache(lake, folder, 100);
        lake.Hold();
        var caller = cache.AcquireAsync([File10("a")], default);
        await lake.StartedAsync(1);

        cache.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller.WaitAsync(Deadline));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => cache.AcquireAsync([File10("a")], default));
    }

    private static CacheRequest File10(string name) => new(new LakePath("lake", name), 10, name);

    private List<string> LocalFiles() => Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal).ToList();

    /// <summary>A lake whose files all have ten bytes and whose downloads can be held up.</summary>
    private sealed class DownloadsOnly : ILake, IDisposable
    {
        private readonly Lock counting = new();
        private readonly SemaphoreSlim started = new(0);
        private readonly SemaphoreSlim cancelled = new(0);
        private volatile TaskCompletionSource gate = Open();
        private int running;

        public ConcurrentQueue<string> Downloads { get; } = [];

        public int MostAtOnce { get; private set; }

        public Exception? FailNext { get; set; }

        public void Dispose()
        {
            started.Dispose();
            cancelled.Dispose();
        }

        public void Hold() => gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Continue() => gate.TrySetResult();

        public async Task StartedAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                Assert.True(await started.WaitAsync(Deadline));
            }
        }

        public async Task CancelledAsync() => Assert.True(await cancelled.WaitAsync(Deadline));

        public async Task DownloadAsync(LakePath path, string localFile, string? ifMatch, CancellationToken cancellationToken)
        {
            Downloads.Enqueue(path.ToString());
            var now = Interlocked.Increment(ref running);
            lock (counting)
            {
                MostAtOnce = Math.Max(MostAtOnce, now);
            }

            try
            {
                started.Release();
                await gate.Task.WaitAsync(cancellationToken);
                if (FailNext is { } failure)
                {
                    FailNext = null;
                    throw failure;
                }

                Directory.CreateDirectory(Path.GetDirectoryName(localFile)!);
                await File.WriteAllTextAsync(localFile, 1_000_000_000.ToString(CultureInfo.InvariantCulture), cancellationToken);
            }
            catch (OperationCanceledException)
            {
                cancelled.Release();
                throw;
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }

        public Task CreateContainerAsync(string container, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<LakeFile?> FindAsync(LakePath path, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<LakeFile> ListAsync(LakePath directory, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<LakeFile> ListPrefixAsync(string container, string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<string> ListDirectoriesAsync(LakePath directory, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<byte[]?> ReadAsync(LakePath path, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<T> ReadFromAsync<T>(LakePath path, long offset, string? ifMatch, Func<Stream, Task<T>> read, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task WriteAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> TryCreateAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<LakeFile> UploadAsync(string localFile, LakePath path, bool overwrite, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DeleteAsync(LakePath path, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DeleteDirectoryAsync(LakePath directory, CancellationToken cancellationToken) => throw new NotSupportedException();

        private static TaskCompletionSource Open()
        {
            var open = new TaskCompletionSource();
            open.SetResult();
            return open;
        }
    }
}
