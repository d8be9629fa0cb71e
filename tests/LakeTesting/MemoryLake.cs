using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.LakeTesting;

/// <summary>A lake in memory whose puts can go wrong in the ways a storage account can.</summary>
public sealed class MemoryLake : ILake
{
    private readonly ConcurrentDictionary<LakePath, byte[]> files = new();
    private readonly ConcurrentDictionary<LakePath, DateTimeOffset> times = new();
    private long clock;

    /// <summary>The storage's clock: what files written from now on have as their time.</summary>
    public DateTimeOffset NowUtc { get; set; } = DateTimeOffset.UnixEpoch;

    /// <summary>Runs instead of a put: gives what the put answers, or throws what it throws. Null: the put is done as asked.</summary>
    public Func<LakePath, Func<bool>, bool>? OnCreate { get; set; }

    /// <summary>Paths of all files, in ordinal order.</summary>
    public IEnumerable<string> Paths => files.Keys.Select(path => path.Path).Order(StringComparer.Ordinal);

    /// <summary>Another lake with the same files; what one of them does from now on is nothing to the other.</summary>
    public MemoryLake Copy()
    {
        var copy = new MemoryLake { NowUtc = NowUtc };
        foreach (var (path, content) in files)
        {
            copy.files[path] = content;
            copy.times[path] = times.GetValueOrDefault(path, DateTimeOffset.UnixEpoch);
        }

        return copy;
    }

    public Task CreateContainerAsync(string container, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<LakeFile?> FindAsync(LakePath path, CancellationToken cancellationToken) =>
        Task.FromResult(files.TryGetValue(path, out var content) ? Describe(path, content) : null);

    public IAsyncEnumerable<LakeFile> ListAsync(LakePath directory, CancellationToken cancellationToken) =>
        ListPrefixAsync(directory.Container, directory.Path.Length == 0 ? "" : $"{directory.Path}/", cancellationToken);

    public async IAsyncEnumerable<LakeFile> ListPrefixAsync(string container, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var (path, content) in files.Where(file => file.Key.Container == container && file.Key.Path.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(file => file.Key.Path, StringComparer.Ordinal))
        {
            yield return Describe(path, content);
        }
    }

    public IAsyncEnumerable<string> ListDirectoriesAsync(LakePath directory, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<byte[]?> ReadAsync(LakePath path, CancellationToken cancellationToken) => Task.FromResult(files.GetValueOrDefault(path));

    public async Task DownloadAsync(LakePath path, string localFile, string? ifMatch, CancellationToken cancellationToken)
    {
        var content = files.TryGetValue(path, out var found) ? found : throw new TerminalException($"There is no file {path}.");
        Directory.CreateDirectory(Path.GetDirectoryName(localFile) ?? "");
        await File.WriteAllBytesAsync(localFile, content, cancellationToken);
    }

    public async Task<T> ReadFromAsync<T>(LakePath path, long offset, string? ifMatch, Func<Stream, Task<T>> read, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(files.TryGetValue(path, out var content) ? content[(int)offset..] : throw new TerminalException($"There is no file {path}."));
        return await read(stream);
    }

    public Task WriteAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        files[path] = content.ToArray();
        times[path] = NowUtc;
        return Task.CompletedTask;
    }

    public Task<bool> TryCreateAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var bytes = content.ToArray();
        bool Create() => files.GetOrAdd(path, _ => Stamp(path, bytes)).AsSpan().SequenceEqual(bytes);
        return Task.FromResult(OnCreate is null ? Create() : OnCreate(path, Create));
    }

    public async Task<LakeFile> UploadAsync(string localFile, LakePath path, bool overwrite, CancellationToken cancellationToken)
    {
        var content = await File.ReadAllBytesAsync(localFile, cancellationToken);
        if (overwrite)
        {
            files[path] = Stamp(path, content);
        }
        else if (!files.TryAdd(path, Stamp(path, content)))
        {
            throw new TerminalException($"There is a file {path} already.");
        }

        return Describe(path, content);
    }

    public Task DeleteAsync(LakePath path, CancellationToken cancellationToken)
    {
        files.TryRemove(path, out _);
        return Task.CompletedTask;
    }

    public Task DeleteDirectoryAsync(LakePath directory, CancellationToken cancellationToken) => throw new NotSupportedException();

    private LakeFile Describe(LakePath path, byte[] content) => new()
    {
        Path = path,
        SizeBytes = content.Length,
        ETag = Interlocked.Increment(ref clock).ToString(CultureInfo.InvariantCulture),
        ModifiedUtc = times.GetValueOrDefault(path, DateTimeOffset.UnixEpoch),
    };

    private byte[] Stamp(LakePath path, byte[] content)
    {
        times[path] = NowUtc;
        return content;
    }
}
