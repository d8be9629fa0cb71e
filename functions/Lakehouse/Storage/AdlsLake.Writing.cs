using Azure;
using Azure.Storage.Files.DataLake;
using Azure.Storage.Files.DataLake.Models;

namespace Pipeline.Lakehouse.Storage;

public sealed partial class AdlsLake
{
    /// <inheritdoc/>
    public Task WriteAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync($"writing {path}", () => PutAsync(path, content, overwrite: true, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> TryCreateAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync($"creating {path}", () => PutAsync(path, content, overwrite: false, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<LakeFile> UploadAsync(string localFile, LakePath path, bool overwrite, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync($"uploading {path}", async () =>
        {
            var hash = await ContentHash.OfFileAsync(localFile, cancellationToken);
            if (!await PutAsync(path, hash, overwrite, (part, options) => part.UploadAsync(localFile, options, cancellationToken), cancellationToken))
            {
                throw new TerminalException($"There is a file at {path} already, and its content is not what was to be uploaded. Names of uploaded files must be new.");
            }

            return await FindAsync(path, cancellationToken) ?? throw new TransientException($"{path} was written, but is not there any more.");
        }, cancellationToken);

    /// <inheritdoc/>
    public Task DeleteAsync(LakePath path, CancellationToken cancellationToken) => StorageFault.GuardAsync(
        $"deleting {path}", () => files.GetFileSystemClient(path.Container).GetFileClient(path.Path).DeleteIfExistsAsync(cancellationToken: cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task DeleteDirectoryAsync(LakePath directory, CancellationToken cancellationToken)
    {
        if (directory.Path.Length > 0)
        {
            await StorageFault.GuardAsync(
                $"deleting {directory}", () => files.GetFileSystemClient(directory.Container).GetDirectoryClient(directory.Path).DeleteIfExistsAsync(cancellationToken: cancellationToken), cancellationToken);
            return;
        }

        // The root itself cannot be deleted.
        foreach (var name in await ListDirectoriesAsync(directory, cancellationToken).ToListAsync(cancellationToken))
        {
            await DeleteDirectoryAsync(directory.Append(name), cancellationToken);
        }

        await foreach (var file in ListAsync(directory, cancellationToken))
        {
            await DeleteAsync(file.Path, cancellationToken);
        }
    }

    private async Task<bool> PutAsync(LakePath path, ReadOnlyMemory<byte> content, bool overwrite, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        return await PutAsync(path, ContentHash.Of(content.Span), overwrite, (part, options) => part.UploadAsync(stream, options, cancellationToken), cancellationToken);
    }

    // An upload to this endpoint makes the file first and fills it later; only the rename shows it whole.
    private async Task<bool> PutAsync(
        LakePath path, byte[] hash, bool overwrite, Func<DataLakeFileClient, DataLakeFileUploadOptions, Task> upload, CancellationToken cancellationToken)
    {
        var part = files.GetFileSystemClient(path.Container).GetFileClient(PartName(path));
        var renamed = false;
        try
        {
            await upload(part, new DataLakeFileUploadOptions { HttpHeaders = new PathHttpHeaders { ContentHash = hash }, TransferOptions = BlobLake.Transfer });
            renamed = await RenameAsync(part, path, hash, overwrite, cancellationToken);
            return renamed;
        }
        finally
        {
            if (!renamed)
            {
                await ForgetAsync(part);
            }
        }
    }

    private async Task<bool> RenameAsync(DataLakeFileClient part, LakePath path, byte[] hash, bool overwrite, CancellationToken cancellationToken)
    {
        var ifAbsent = new DataLakeRequestConditions { IfNoneMatch = ETag.All };
        try
        {
            await part.RenameAsync(path.Path, destinationConditions: overwrite ? null : ifAbsent, cancellationToken: cancellationToken);
            return true;
        }
        catch (RequestFailedException error) when (StorageFault.IsMissing(error) || (!overwrite && StorageFault.IsOccupied(error)))
        {
            // The SDK repeats a rename whose answer was lost: the second attempt finds its source gone or the target taken, by our own file.
            var found = await FindAsync(path, cancellationToken);
            if (found is not null && found.ContentHash == ContentHash.Text(hash, null))
            {
                return true;
            }

            if (StorageFault.IsMissing(error))
            {
                throw;
            }

            return false;
        }
    }

    private static async Task ForgetAsync(DataLakeFileClient part)
    {
        try
        {
            await part.DeleteIfExistsAsync(cancellationToken: CancellationToken.None);
        }
        catch (RequestFailedException)
        {
            // The failure that led here matters more; the leftover is hidden from listings.
        }
    }

    private static string PartName(LakePath path) => $"{path.Path[..^path.Name.Length]}.{path.Name}.{System.IO.Path.GetRandomFileName()}{PartSuffix}";
}
