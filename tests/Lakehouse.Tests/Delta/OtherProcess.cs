using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Delta;

/// <summary>The same lake as another process sees it: the gate that makes one process' writers queue does not hold it.</summary>
internal sealed class OtherProcess(ILake lake) : ILake
{
    public Task CreateContainerAsync(string container, CancellationToken cancellationToken) => lake.CreateContainerAsync(container, cancellationToken);

    public Task<LakeFile?> FindAsync(LakePath path, CancellationToken cancellationToken) => lake.FindAsync(path, cancellationToken);

    public IAsyncEnumerable<LakeFile> ListAsync(LakePath directory, CancellationToken cancellationToken) => lake.ListAsync(directory, cancellationToken);

    public IAsyncEnumerable<LakeFile> ListPrefixAsync(string container, string prefix, CancellationToken cancellationToken) => lake.ListPrefixAsync(container, prefix, cancellationToken);

    public IAsyncEnumerable<string> ListDirectoriesAsync(LakePath directory, CancellationToken cancellationToken) => lake.ListDirectoriesAsync(directory, cancellationToken);

    public Task<byte[]?> ReadAsync(LakePath path, CancellationToken cancellationToken) => lake.ReadAsync(path, cancellationToken);

    public Task DownloadAsync(LakePath path, string localFile, string? ifMatch, CancellationToken cancellationToken) => lake.DownloadAsync(path, localFile, ifMatch, cancellationToken);

    public Task<T> ReadFromAsync<T>(LakePath path, long offset, string? ifMatch, Func<Stream, Task<T>> read, CancellationToken cancellationToken) =>
        lake.ReadFromAsync(path, offset, ifMatch, read, cancellationToken);

    public Task WriteAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => lake.WriteAsync(path, content, cancellationToken);

    public Task<bool> TryCreateAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => lake.TryCreateAsync(path, content, cancellationToken);

    public Task<LakeFile> UploadAsync(string localFile, LakePath path, bool overwrite, CancellationToken cancellationToken) => lake.UploadAsync(localFile, path, overwrite, cancellationToken);

    public Task DeleteAsync(LakePath path, CancellationToken cancellationToken) => lake.DeleteAsync(path, cancellationToken);

    public Task DeleteDirectoryAsync(LakePath directory, CancellationToken cancellationToken) => lake.DeleteDirectoryAsync(directory, cancellationToken);
}
