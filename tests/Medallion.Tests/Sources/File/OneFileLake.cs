using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Tests.Sources.File;

/// <summary>A lake of one file in memory, which can only be read from an offset on.</summary>
internal sealed class OneFileLake(byte[] content) : ILake
{
    public async Task<T> ReadFromAsync<T>(LakePath path, long offset, string? ifMatch, Func<Stream, Task<T>> read, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content[(int)offset..]);
        return await read(stream);
    }

    public Task CreateContainerAsync(string container, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<LakeFile?> FindAsync(LakePath path, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<LakeFile> ListAsync(LakePath directory, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<LakeFile> ListPrefixAsync(string container, string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<string> ListDirectoriesAsync(LakePath directory, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<byte[]?> ReadAsync(LakePath path, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DownloadAsync(LakePath path, string localFile, string? ifMatch, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task WriteAsync(LakePath path, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> TryCreateAsync(LakePath path, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<LakeFile> UploadAsync(string localFile, LakePath path, bool overwrite, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DeleteAsync(LakePath path, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DeleteDirectoryAsync(LakePath directory, CancellationToken cancellationToken) => throw new NotSupportedException();
}
