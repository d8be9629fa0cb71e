using Azure;
using Azure.Storage.Blobs.Models;

namespace Pipeline.Lakehouse.Storage;

public sealed partial class BlobLake
{
    private const int ParallelDeletes = 8;

    private static BlobRequestConditions IfAbsent => new() { IfNoneMatch = ETag.All };

    /// <inheritdoc/>
    public Task WriteAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync($"writing {path}", () => PutAsync(path, content, null, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> TryCreateAsync(LakePath path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync($"creating {path}", async () =>
        {
            try
            {
                await PutAsync(path, content, IfAbsent, cancellationToken);
                return true;
            }
            catch (RequestFailedException error) when (StorageFault.IsOccupied(error))
            {
                // The SDK repeats a put whose answer was lost: the second attempt then meets the first one's file.
                return await ReadAsync(path, cancellationToken) is { } found && found.AsSpan().SequenceEqual(content.Span);
            }
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<LakeFile> UploadAsync(string localFile, LakePath path, bool overwrite, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync($"uploading {path}", async () =>
        {
            var hash = await ContentHash.OfFileAsync(localFile, cancellationToken);
            var options = new BlobUploadOptions
            {
                HttpHeaders = new BlobHttpHeaders { ContentHash = hash },
                Conditions = overwrite ? null : IfAbsent,
                TransferOptions = Transfer,
            };
            try
            {
                var written = (await Blob(path).UploadAsync(localFile, options, cancellationToken)).Value;
                return new LakeFile
                {
                    Path = path,
                    SizeBytes = new FileInfo(localFile).Length,
                    ETag = Text(written.ETag),
                    ModifiedUtc = written.LastModified,
                    ContentHash = ContentHash.Text(hash, null),
                };
            }
            catch (RequestFailedException error) when (!overwrite && StorageFault.IsOccupied(error))
            {
                var found = await FindAsync(path, cancellationToken);
                return found is not null && found.ContentHash == ContentHash.Text(hash, null)
                    ? found
                    : throw new TerminalException($"There is a file at {path} already, and its content is not what was to be uploaded. Names of uploaded files must be new.", error);
            }
        }, cancellationToken);

    /// <inheritdoc/>
    public Task DeleteAsync(LakePath path, CancellationToken cancellationToken) => StorageFault.GuardAsync($"deleting {path}", async () =>
    {
        try
        {
            return (await Blob(path).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken)).Value;
        }
        catch (RequestFailedException error) when (StorageFault.IsMissing(error))
        {
            return false;
        }
    }, cancellationToken);

    /// <inheritdoc/>
    public Task DeleteDirectoryAsync(LakePath directory, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        ListAsync(directory, cancellationToken),
        new ParallelOptions { MaxDegreeOfParallelism = ParallelDeletes, CancellationToken = cancellationToken },
        async (file, token) => await DeleteAsync(file.Path, token));

    private Task<Response<BlobContentInfo>> PutAsync(LakePath path, ReadOnlyMemory<byte> content, BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentHash = ContentHash.Of(content.Span) }, Conditions = conditions };
        return Blob(path).UploadAsync(new BinaryData(content), options, cancellationToken);
    }
}
