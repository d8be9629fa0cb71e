using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Storage;

/// <summary>Leases that wait for room, and files of which only parts are wanted.</summary>
public sealed class FileCacheRoomTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private readonly string folder = Directory.CreateTempSubdirectory("cache-").FullName;
    private readonly MemoryLake lake = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task AcquireInTurnAsync_NoRoom_WaitsForItAndServesInTurn()
    {
        using var cache = new FileCache(lake, folder, 20);
        var holder = await cache.AcquireAsync([await File10Async("a"), await File10Async("b")], default);
        var large = cache.AcquireInTurnAsync([await File10Async("c"), await File10Async("d")], default);
        var small = cache.AcquireInTurnAsync([await File10Async("e")], default);
        Assert.False(large.IsCompleted || small.IsCompleted);

        holder.Dispose();
        using (await large.WaitAsync(Deadline))
        {
            Assert.False(small.IsCompleted);
            Assert.Equal(["c", "d"], LocalFiles());
        }

        using var last = await small.WaitAsync(Deadline);
        Assert.Contains("e", LocalFiles());
        Assert.Equal(20, cache.UsedBytes);
    }

    [Fact]
    public async Task AcquireInTurnAsync_FilesThatOthersHold_NeedNoRoom()
    {
        using var cache = new FileCache(lake, folder, 20);
        using var first = await cache.AcquireInTurnAsync([await File10Async("a"), await File10Async("b")], default);
        using var second = await cache.AcquireInTurnAsync([await File10Async("b"), await File10Async("a")], default).WaitAsync(Deadline);
        Assert.Equal(20, cache.UsedBytes);
    }

    [Fact]
    public async Task AcquireInTurnAsync_CancelledOrOutOfPatience_GivesItsTurnToTheNext()
    {
        using var cache = new FileCache(lake, folder, 20) { Patience = TimeSpan.FromMilliseconds(50) };
        using var cancellation = new CancellationTokenSource();
        using var holder = await cache.AcquireAsync([await File10Async("a")], default);
        var cancelled = cache.AcquireInTurnAsync([await File10Async("b"), await File10Async("c")], cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Deadline));

        var late = await Assert.ThrowsAsync<TransientException>(async () => await cache.AcquireInTurnAsync([await File10Async("b"), await File10Async("c")], default).WaitAsync(Deadline));
        Assert.StartsWith("20 bytes of the cache of 20 were waited for", late.Message, StringComparison.Ordinal);

        using var next = await cache.AcquireInTurnAsync([await File10Async("d")], default).WaitAsync(Deadline);
        await Assert.ThrowsAsync<TerminalException>(async () => await cache.AcquireInTurnAsync([await File10Async("x"), await File10Async("y"), await File10Async("z")], default));
    }

    [Fact]
    public async Task AcquireInTurnAsync_ManyAtOnce_NeverExceedTheLimit()
    {
        using var cache = new FileCache(lake, folder, 50);
        foreach (var name in Enumerable.Range(0, 12))
        {
            await File10Async($"{name}");
        }

        var most = 0L;
        var random = new Random(7);
        var wanted = Enumerable.Range(0, 200).Select(_ => Enumerable.Range(0, random.Next(1, 6)).Select(_ => Request($"{random.Next(12)}")).ToList()).ToList();
        await Parallel.ForEachAsync(wanted, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (files, token) =>
        {
            using var lease = await cache.AcquireInTurnAsync(files, token);
            await Task.Yield();
            Assert.All(lease.LocalFiles, file => Assert.True(File.Exists(file)));
            lock (random)
            {
                most = Math.Max(most, cache.UsedBytes);
            }
        }).WaitAsync(Deadline);
        Assert.InRange(most, 10, 50);
    }

    [Fact]
    public async Task AcquireAsync_PartsOfAFile_BringsAndCountsOnlyThem()
    {
        var content = new byte[100_000];
        new Random(7).NextBytes(content);
        await lake.WriteAsync(new LakePath("lake", "f"), content, default);
        var ranges = ByteRange.Blocks([new ByteRange(99_000, 100_000), new ByteRange(5000, 9000)], content.Length);
        var request = new CacheRequest(new LakePath("lake", "f"), content.Length, "f.sparse") { Ranges = ranges };
        using (var cache = new FileCache(lake, folder, 20_000))
        {
            using var lease = await cache.AcquireAsync([request], default);
            var expected = new byte[content.Length];
            foreach (var range in ranges)
            {
                content.AsSpan((int)range.Start, (int)range.Length).CopyTo(expected.AsSpan((int)range.Start));
            }

            Assert.Equal([new ByteRange(4096, 12_288), new ByteRange(98_304, 100_000)], ranges);
            Assert.Equal(9888, cache.UsedBytes);
            Assert.Equal(expected, await File.ReadAllBytesAsync(lease.LocalFiles[0]));
        }

        // What it takes of the disk cannot be told from its length.
        using var next = new FileCache(lake, folder, 20_000);
        Assert.Empty(LocalFiles());
    }

    [Fact]
    public async Task AcquireAsync_PartsOfAFileOfAnotherSize_ThrowsTerminal()
    {
        using var cache = new FileCache(lake, folder, 20_000);
        await lake.WriteAsync(new LakePath("lake", "f"), new byte[10], default);
        var request = new CacheRequest(new LakePath("lake", "f"), 11, "f.sparse") { Ranges = [new ByteRange(4, 10)] };
        var error = await Assert.ThrowsAsync<TerminalException>(() => cache.AcquireAsync([request], default));
        Assert.Contains("lake/f has 10 bytes on the lake; the table's log says 11", error.Message, StringComparison.Ordinal);
        Assert.Empty(LocalFiles());
    }

    [Theory]
    [InlineData("", 100, "")]
    [InlineData("0-1", 100, "0-100")]
    [InlineData("5000-5001", 100_000, "4096-8192")]
    [InlineData("9000-9001,4095-4097", 100_000, "0-12288")]
    [InlineData("0-10,8192-8193,99999-100000", 100_000, "0-4096,8192-12288,98304-100000")]
    [InlineData("0-50000,10-20", 100_000, "0-53248")]
    public void Blocks_OfRanges_AreWholeAndApart(string ranges, long fileBytes, string expected)
    {
        var parsed = ranges.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(range => range.Split('-')).Select(ends => new ByteRange(long.Parse(ends[0], null), long.Parse(ends[1], null)));
        Assert.Equal(expected, string.Join(',', ByteRange.Blocks(parsed, fileBytes).Select(range => $"{range.Start}-{range.End}")));
    }

    private static CacheRequest Request(string name) => new(new LakePath("lake", name), 10, name);

    private async Task<CacheRequest> File10Async(string name)
    {
        await lake.WriteAsync(new LakePath("lake", name), new byte[10], default);
        return Request(name);
    }

    private List<string> LocalFiles() => Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal).ToList();
}
