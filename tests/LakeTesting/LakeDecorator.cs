using Pipeline.Lakehouse.Storage;

namespace Pipeline.LakeTesting;

/// <summary>A lake before a lake: every call passes through <see cref="BeforeAsync"/>. A decorator is another process' view of the lake, because writers of one
/// process queue by the lake they were given.</summary>
public abstract class LakeDecorator(ILake lake) : ILake
{
    /// <summary>What is about to be done.</summary>
    protected enum Call
    {
        Find,
        List,
        Read,
        Download,
        Write,
        Create,
        Upload,
        Delete,
    }

    /// <summary>Runs before a call; the call is made when it ends.</summary>
    protected abstract Task BeforeAsync(Call call, string path);

    public Task CreateContainerAsync(string container, CancellationToken cancellationToken) => lake.CreateContainerAsync(container, cancellationToken);

    public async Task<LakeFile?> FindAsync(LakePath path, CancellationToken cancellationToken)
    {
        await BeforeAsync(Call.Find, path.Path);
        return await lake.FindAsync(path, cancellationToken);
    }

    public IAsyncEnumerable<LakeFile> ListAsync(LakePath directory, CancellationToken cancellationToken) =>
        ListPrefixAsync(directory.Container, directory.Path.Length == 0 ? "" : $"{directory.Path}/", cancellationToken);

    public async IAsyncEnumerable<LakeFile> ListPrefixAsync(string container, string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await BeforeAsync(Call.List, prefix);
        await foreach (var file in lake.ListPrefixAsync(container, prefix, cancellationToken))
        {
            yield return file;
        }
    }

    public IAsyncEnumerable<string> ListDirectoriesAsync(LakePath directory, CancellationToken cancellationToken) => lake.ListDirectoriesAsync(directory, cancellationToken);

    public async Task<byte[]?> ReadAsync(LakePath path, CancellationToken cancellationToken)
    {
        await BeforeAsync(Call.Read, path.Path);
        return await lake.ReadAsync(path, cancellationToken);
    }

    public async Task DownloadAsync(LakePath path, string localFile, string? ifMatch, CancellationToken cancellationToken)
    {
        await BeforeAsync(Call.Download, path.Path);
        await lake.DownloadAsync(path, localFile, ifMatch, cancellationToken);
    }

    public async Task WriteAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await BeforeAsync(Call.Write, path.Path);
        await lake.WriteAsync(path, content, cancellationToken);
    }

    public async Task<bool> TryCreateAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await BeforeAsync(Call.Create, path.Path);
        return await lake.TryCreateAsync(path, content, cancellationToken);
    }

    public async Task<LakeFile> UploadAsync(string localFile, LakePath path, bool overwrite, CancellationToken cancellationToken)
    {
        await BeforeAsync(Call.Upload, path.Path);
        return await lake.UploadAsync(localFile, path, overwrite, cancellationToken);
    }

    public async Task DeleteAsync(LakePath path, CancellationToken cancellationToken)
    {
        await BeforeAsync(Call.Delete, path.Path);
        await lake.DeleteAsync(path, cancellationToken);
    }

    public Task DeleteDirectoryAsync(LakePath directory, CancellationToken cancellationToken) => lake.DeleteDirectoryAsync(directory, cancellationToken);
}
