using System.Security.Cryptography;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Storage;

/// <summary>What every lake does. A class per implementation gives the lake; each test has a container of its own.</summary>
public abstract class LakeContractTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("lake-").FullName;

    protected string Container { get; } = $"contract-{Guid.NewGuid():N}";

    protected ILake Lake => field ??= CreateLake();

    protected abstract ILake CreateLake();

    protected abstract Task DeleteContainerAsync();

    public async ValueTask InitializeAsync() => await Lake.CreateContainerAsync(Container, default);

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        await DeleteContainerAsync();
        GC.SuppressFinalize(this);
    }

    protected LakePath Path(string path) => new(Container, path);

    [Fact]
    public async Task CreateContainerAsync_Twice_Succeeds() => await Lake.CreateContainerAsync(Container, default);

    [Fact]
    public async Task FindAsync_Absent_IsNull()
    {
        Assert.Null(await Lake.FindAsync(Path("absent"), default));
        Assert.Null(await Lake.FindAsync(new LakePath("no-such-container", "absent"), default));
        Assert.Null(await Lake.ReadAsync(Path("absent"), default));
        Assert.Null(await Lake.ReadAsync(new LakePath("no-such-container", "absent"), default));
    }

    [Theory]
    [InlineData("plain.txt")]
    [InlineData("deep/er/file.txt")]
    [InlineData("country=S%C3%A3o Paulo/it's #1 + 50% & more?.parquet")]
    [InlineData("ünï/日本.json")]
    public async Task WriteAsync_AnyPath_IsReadBack(string path)
    {
        await Lake.WriteAsync(Path(path), "first, longer"u8.ToArray(), default);
        var first = await Lake.FindAsync(Path(path), default);
        await Lake.WriteAsync(Path(path), "second"u8.ToArray(), default);

        Assert.Equal("second"u8.ToArray(), await Lake.ReadAsync(Path(path), default));
        var file = await Lake.FindAsync(Path(path), default);
        Assert.Equal((Path(path), 6L, Md5("second"u8.ToArray())), (file!.Path, file.SizeBytes, file.ContentHash));
        Assert.NotEqual(first!.ETag, file.ETag);
        Assert.True(file.ModifiedUtc > new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal([file], await Lake.ListAsync(Path(""), default).ToListAsync());
    }

    [Fact]
    public async Task WriteAsync_Empty_IsAFileOfNoBytes()
    {
        await Lake.WriteAsync(Path("empty"), default, default);

        Assert.Equal(0, (await Lake.FindAsync(Path("empty"), default))!.SizeBytes);
        Assert.Empty((await Lake.ReadAsync(Path("empty"), default))!);
        await Lake.DownloadAsync(Path("empty"), Local("empty"), null, default);
        Assert.Empty(await File.ReadAllBytesAsync(Local("empty")));
    }

    [Fact]
    public async Task TryCreateAsync_Occupied_IsFalseAndKeepsTheFile()
    {
        Assert.True(await Lake.TryCreateAsync(Path("log/0.json"), "mine"u8.ToArray(), default));
        Assert.False(await Lake.TryCreateAsync(Path("log/0.json"), "other"u8.ToArray(), default));
        Assert.Equal("mine"u8.ToArray(), await Lake.ReadAsync(Path("log/0.json"), default));
    }

    [Fact]
    public async Task TryCreateAsync_OwnBytesFound_IsTrue()
    {
        await Lake.TryCreateAsync(Path("log/0.json"), "mine"u8.ToArray(), default);
        Assert.True(await Lake.TryCreateAsync(Path("log/0.json"), "mine"u8.ToArray(), default));
    }

    [Fact]
    public async Task TryCreateAsync_TwentyWriters_OneSucceeds()
    {
        var contents = Enumerable.Range(0, 20).Select(writer => new[] { (byte)writer }).ToList();
        var outcomes = await Task.WhenAll(contents.Select(content => Lake.TryCreateAsync(Path("log/race.json"), content, default)));

        var winner = Assert.Single(Enumerable.Range(0, 20), writer => outcomes[writer]);
        Assert.Equal(contents[winner], await Lake.ReadAsync(Path("log/race.json"), default));
        Assert.Single(await Lake.ListAsync(Path("log"), default).ToListAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData((13 << 20) + 7)]
    public async Task UploadAsync_AnySize_ComesBackWithItsHash(int size)
    {
        var content = Bytes(size);
        await File.WriteAllBytesAsync(Local("up"), content);

        var uploaded = await Lake.UploadAsync(Local("up"), Path("data/up.bin"), overwrite: false, default);
        var found = await Lake.FindAsync(Path("data/up.bin"), default);
        await Lake.DownloadAsync(Path("data/up.bin"), Local("down/deep/up.bin"), uploaded.ETag, default);

        Assert.Equal(uploaded, found);
        Assert.Equal((size, Md5(content)), (uploaded.SizeBytes, uploaded.ContentHash));
        Assert.Equal(content, await File.ReadAllBytesAsync(Local("down/deep/up.bin")));
        Assert.Equal(["up.bin"], Directory.GetFiles(Local("down/deep")).Select(System.IO.Path.GetFileName));
        Assert.Equal([uploaded], await Lake.ListAsync(Path("data"), default).ToListAsync());
    }

    [Fact]
    public async Task UploadAsync_Occupied_ThrowsUnlessItIsTheSameContent()
    {
        await File.WriteAllTextAsync(Local("a"), "a");
        await File.WriteAllTextAsync(Local("b"), "b");
        var first = await Lake.UploadAsync(Local("a"), Path("file"), overwrite: false, default);

        Assert.Equal(first, await Lake.UploadAsync(Local("a"), Path("file"), overwrite: false, default));
        var error = await Assert.ThrowsAsync<TerminalException>(() => Lake.UploadAsync(Local("b"), Path("file"), overwrite: false, default));
        Assert.Contains($"{Container}/file", error.Message, StringComparison.Ordinal);
        await Lake.UploadAsync(Local("b"), Path("file"), overwrite: true, default);
        Assert.Equal("b"u8.ToArray(), await Lake.ReadAsync(Path("file"), default));
    }

    [Fact]
    public async Task UploadAsync_NoLocalFile_ThrowsWhatItIs() =>
        await Assert.ThrowsAsync<FileNotFoundException>(() => Lake.UploadAsync(Local("absent"), Path("file"), overwrite: true, default));

    [Fact]
    public async Task DownloadAsync_AbsentOrChanged_ThrowsTerminalAndLeavesNothing()
    {
        await Lake.WriteAsync(Path("file"), "old"u8.ToArray(), default);
        var old = (await Lake.FindAsync(Path("file"), default))!.ETag;
        await Lake.WriteAsync(Path("file"), "new"u8.ToArray(), default);
        await File.WriteAllTextAsync(Local("kept"), "kept");

        await Assert.ThrowsAsync<TerminalException>(() => Lake.DownloadAsync(Path("file"), Local("kept"), old, default));
        await Assert.ThrowsAsync<TerminalException>(() => Lake.DownloadAsync(Path("absent"), Local("kept"), null, default));

        Assert.Equal("kept", await File.ReadAllTextAsync(Local("kept")));
        Assert.Single(Directory.GetFiles(folder));
        await Lake.DownloadAsync(Path("file"), Local("kept"), null, default);
        Assert.Equal("new", await File.ReadAllTextAsync(Local("kept")));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(10, 0, 4)]
    [InlineData(10, 7, 4)]
    [InlineData(10, 10, 4)]
    [InlineData((9 << 20) + 5, (4 << 20) - 3, (4 << 20) + 6)]
    public async Task ReadFromAsync_AnyOffset_GivesTheBytesFromThere(int size, int offset, int wanted)
    {
        var content = Bytes(size);
        await File.WriteAllBytesAsync(Local("up"), content);
        var uploaded = await Lake.UploadAsync(Local("up"), Path("file"), overwrite: false, default);

        var read = await Lake.ReadFromAsync(Path("file"), offset, uploaded.ETag, async stream =>
        {
            var buffer = new byte[wanted];
            return buffer[..await stream.ReadAtLeastAsync(buffer, wanted, throwOnEndOfStream: false)];
        }, default);

        Assert.Equal(content.AsSpan(offset, Math.Min(wanted, size - offset)).ToArray(), read);
    }

    [Fact]
    public async Task ReadFromAsync_Seek_GivesTheBytesFromThere()
    {
        var content = Bytes((13 << 20) + 5);
        await File.WriteAllBytesAsync(Local("up"), content);
        await Lake.UploadAsync(Local("up"), Path("file"), overwrite: false, default);
        int[] places = [7, 100, 5 << 20, (13 << 20) + 3];

        var read = await Lake.ReadFromAsync(Path("file"), places[0], null, async stream =>
        {
            Assert.Equal(content.Length, places[0] + stream.Length - stream.Position);
            var bytes = new byte[2 * places.Length];
            for (var (index, position) = (0, places[0]); index < places.Length; position = places[index++] + 2)
            {
                stream.Seek(places[index] - position, SeekOrigin.Current);
                await stream.ReadExactlyAsync(bytes.AsMemory(2 * index, 2));
            }

            return bytes;
        }, default);

        Assert.Equal(places.SelectMany(place => content.AsSpan(place, 2).ToArray()), read);
    }

    [Fact]
    public async Task ReadFromAsync_AbsentOrChanged_ThrowsTerminal()
    {
        await Lake.WriteAsync(Path("file"), "old"u8.ToArray(), default);
        var old = (await Lake.FindAsync(Path("file"), default))!.ETag;
        await Lake.WriteAsync(Path("file"), "new"u8.ToArray(), default);

        var error = await Assert.ThrowsAsync<TerminalException>(() => Lake.ReadFromAsync(Path("file"), 0, old, _ => Task.FromResult(0), default));
        await Assert.ThrowsAsync<TerminalException>(() => Lake.ReadFromAsync(Path("absent"), 0, null, _ => Task.FromResult(0), default));

        Assert.Contains("it was replaced meanwhile", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadFromAsync_ChangedWhileItIsRead_ThrowsTerminal()
    {
        await File.WriteAllBytesAsync(Local("up"), Bytes(9 << 20));
        var etag = (await Lake.UploadAsync(Local("up"), Path("file"), overwrite: true, default)).ETag;

        await Assert.ThrowsAsync<TerminalException>(() => Lake.ReadFromAsync(Path("file"), 0, etag, async stream =>
        {
            await stream.ReadExactlyAsync(new byte[10]);
            await Lake.WriteAsync(Path("file"), Bytes(9 << 20), default);
            await stream.CopyToAsync(Stream.Null);
            return true;
        }, default));
    }

    [Fact]
    public async Task ListAsync_Directories_AreInOrdinalOrderAtAnyDepth()
    {
        string[] paths = ["t/B", "t/a-b/1", "t/a.b", "t/a/2", "t/a/x/3", "t/a0", "t2/other", "t-x"];
        await Task.WhenAll(paths.Select(path => Lake.WriteAsync(Path(path), "x"u8.ToArray(), default)));

        Assert.Equal(["t/B", "t/a-b/1", "t/a.b", "t/a/2", "t/a/x/3", "t/a0"], await Paths(Lake.ListAsync(Path("t"), default)));
        Assert.Equal(["t-x", "t/B", "t/a-b/1", "t/a.b", "t/a/2", "t/a/x/3", "t/a0", "t2/other"], await Paths(Lake.ListAsync(Path(""), default)));
        Assert.Equal(["t-x", "t/B", "t/a-b/1", "t/a.b", "t/a/2", "t/a/x/3", "t/a0", "t2/other"], await Paths(Lake.ListPrefixAsync(Container, "t", default)));
        Assert.Equal(["t/a-b/1", "t/a.b", "t/a/2", "t/a/x/3", "t/a0"], await Paths(Lake.ListPrefixAsync(Container, "t/a", default)));
        Assert.Equal(["a", "a-b"], await Lake.ListDirectoriesAsync(Path("t"), default).ToListAsync());
        Assert.Equal(["t", "t2"], await Lake.ListDirectoriesAsync(Path(""), default).ToListAsync());
    }

    [Fact]
    public async Task ListAsync_Absent_IsEmpty()
    {
        Assert.Empty(await Lake.ListAsync(Path("absent"), default).ToListAsync());
        Assert.Empty(await Lake.ListPrefixAsync(Container, "absent", default).ToListAsync());
        Assert.Empty(await Lake.ListDirectoriesAsync(Path("absent"), default).ToListAsync());
        Assert.Empty(await Lake.ListAsync(new LakePath("no-such-container", "x"), default).ToListAsync());
        Assert.Empty(await Lake.ListDirectoriesAsync(new LakePath("no-such-container", "x"), default).ToListAsync());
    }

    [Fact]
    public async Task DeleteAsync_Twice_Succeeds()
    {
        await Lake.WriteAsync(Path("file"), "x"u8.ToArray(), default);
        await Lake.DeleteAsync(Path("file"), default);
        await Lake.DeleteAsync(Path("file"), default);
        Assert.Null(await Lake.FindAsync(Path("file"), default));
    }

    [Fact]
    public async Task DeleteDirectoryAsync_Neighbours_Stay()
    {
        await Task.WhenAll(new[] { "t/1", "t/a/2", "t2/3", "t.4" }.Select(path => Lake.WriteAsync(Path(path), "x"u8.ToArray(), default)));

        await Lake.DeleteDirectoryAsync(Path("t"), default);
        await Lake.DeleteDirectoryAsync(Path("t"), default);

        Assert.Equal(["t.4", "t2/3"], await Paths(Lake.ListAsync(Path(""), default)));
    }

    [Fact]
    public async Task WriteAsync_NoContainer_ThrowsTerminalThatNamesThePath()
    {
        var error = await Assert.ThrowsAsync<TerminalException>(() => Lake.WriteAsync(new LakePath("no-such-container", "file"), "x"u8.ToArray(), default));
        Assert.Contains("no-such-container/file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_Cancelled_ThrowsCancellation() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Lake.ReadAsync(Path("file"), new CancellationToken(canceled: true)));

    private string Local(string name) => System.IO.Path.Combine(folder, name);

    private static byte[] Bytes(int size)
    {
        var content = new byte[size];
        new Random(1).NextBytes(content);
        return content;
    }

    private static string Md5(byte[] content) => Convert.ToHexStringLower(MD5.HashData(content));

    private static async Task<List<string>> Paths(IAsyncEnumerable<LakeFile> files) => await files.Select(file => file.Path.Path).ToListAsync();
}
