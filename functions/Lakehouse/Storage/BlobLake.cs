using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Pipeline.Lakehouse.Storage;

/// <summary>A lake in Azure Blob Storage: flat accounts, Azurite, and ADLS Gen2 accounts through their blob endpoint.</summary>
/// <param name="client">The account; make its options with <see cref="Options"/>.</param>
public sealed partial class BlobLake(BlobServiceClient client) : ILake
{
    // Azure lists an ADLS directory as an empty blob with this metadata.
    private const string DirectoryMark = "hdi_isfolder";

    // A part is held in memory: 8 files at once hold 8 × 4 × 4 MiB.
    internal static readonly StorageTransferOptions Transfer = new() { MaximumConcurrency = 4, InitialTransferSize = 4 << 20, MaximumTransferSize = 4 << 20 };

    /// <summary>Client options for a lake: patient retries, and logs without content.</summary>
    public static BlobClientOptions Options()
    {
        var options = new BlobClientOptions
        {
            Retry = { MaxRetries = 5, Delay = TimeSpan.FromMilliseconds(500), MaxDelay = TimeSpan.FromSeconds(20), NetworkTimeout = TimeSpan.FromSeconds(100) },
        };
        options.Diagnostics.IsLoggingContentEnabled = false;
        return options;
    }

    /// <inheritdoc/>
    public Task CreateContainerAsync(string container, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync($"creating container {container}", () => client.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<LakeFile?> FindAsync(LakePath path, CancellationToken cancellationToken) => StorageFault.GuardAsync<LakeFile?>($"reading the properties of {path}", async () =>
    {
        try
        {
            var properties = (await Blob(path).GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            return IsDirectory(properties.Metadata) ? null : new LakeFile
            {
                Path = path,
                SizeBytes = properties.ContentLength,
                ETag = Text(properties.ETag),
                ModifiedUtc = properties.LastModified,
                ContentHash = ContentHash.Text(properties.ContentHash, properties.Metadata),
            };
        }
        catch (RequestFailedException error) when (StorageFault.IsMissing(error))
        {
            return null;
        }
    }, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<LakeFile> ListAsync(LakePath directory, CancellationToken cancellationToken) =>
        ListPrefixAsync(directory.Container, DirectoryPrefix(directory), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<LakeFile> ListPrefixAsync(string container, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = "";
        await foreach (var file in ListUnorderedAsync(container, prefix, cancellationToken))
        {
            if (string.CompareOrdinal(last, file.Path.Path) > 0)
            {
                throw new TerminalException(
                    $"The lake listed {file.Path} after {last}, which is not ordinal order. An account with a hierarchical namespace does that: configure it as an ADLS Gen2 lake.");
            }

            last = file.Path.Path;
            yield return file;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListDirectoriesAsync(LakePath directory, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prefix = DirectoryPrefix(directory);
        var listing = client.GetBlobContainerClient(directory.Container).GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", prefix, cancellationToken);
        var names = await StorageFault.GuardAsync($"listing {directory}", EmptyIfMissing(listing, cancellationToken), cancellationToken)
            .Where(item => item.IsPrefix)
            .Select(item => item.Prefix[prefix.Length..].TrimEnd('/'))
            .ToListAsync(cancellationToken);

        // Prefixes are listed with their '/', which sorts differently from their names.
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            yield return name;
        }
    }

    /// <inheritdoc/>
    public Task<byte[]?> ReadAsync(LakePath path, CancellationToken cancellationToken) => StorageFault.GuardAsync<byte[]?>($"reading {path}", async () =>
    {
        try
        {
            return (await Blob(path).DownloadContentAsync(cancellationToken)).Value.Content.ToArray();
        }
        catch (RequestFailedException error) when (StorageFault.IsMissing(error))
        {
            return null;
        }
    }, cancellationToken);

    /// <inheritdoc/>
    public Task DownloadAsync(LakePath path, string localFile, string? ifMatch, CancellationToken cancellationToken)
    {
        var options = new BlobDownloadToOptions { TransferOptions = Transfer, Conditions = ifMatch is null ? null : new BlobRequestConditions { IfMatch = new ETag(ifMatch) } };
        return StorageFault.GuardAsync($"downloading {path}", () => WholeFile.WriteAsync(localFile, part => Blob(path).DownloadToAsync(part, options, cancellationToken)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<T> ReadFromAsync<T>(LakePath path, long offset, string? ifMatch, Func<Stream, Task<T>> read, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync($"reading {path}", async () =>
        {
            var options = new BlobOpenReadOptions(allowModifications: false)
            {
                Position = offset,
                BufferSize = (int)(Transfer.MaximumTransferSize ?? 0),
                Conditions = ifMatch is null ? null : new BlobRequestConditions { IfMatch = new ETag(ifMatch) },
            };
            await using var stream = await Blob(path).OpenReadAsync(options, cancellationToken);
            return await read(stream);
        }, cancellationToken);

    /// <summary>All files whose path starts with a prefix, in the order the account has them.</summary>
    internal async IAsyncEnumerable<LakeFile> ListUnorderedAsync(string container, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var listing = client.GetBlobContainerClient(container).GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix, cancellationToken);
        await foreach (var blob in StorageFault.GuardAsync($"listing {container}/{prefix}", EmptyIfMissing(listing, cancellationToken), cancellationToken))
        {
            // Some tools mark a directory by an empty blob whose name ends with '/'.
            if (!IsDirectory(blob.Metadata) && !blob.Name.EndsWith('/'))
            {
                yield return File(container, blob);
            }
        }
    }

    private static async IAsyncEnumerable<T> EmptyIfMissing<T>(AsyncPageable<T> listing, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : notnull
    {
        await using var items = listing.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (RequestFailedException error) when (StorageFault.IsMissing(error))
            {
                yield break;
            }

            yield return items.Current;
        }
    }

    private static LakeFile File(string container, BlobItem blob)
    {
        try
        {
            return new LakeFile
            {
                Path = new LakePath(container, blob.Name),
                SizeBytes = blob.Properties.ContentLength ?? 0,
                ETag = Text(blob.Properties.ETag ?? default),
                ModifiedUtc = blob.Properties.LastModified ?? default,
                ContentHash = ContentHash.Text(blob.Properties.ContentHash, blob.Metadata),
            };
        }
        catch (ArgumentException error)
        {
            throw new TerminalException($"The container {container} holds a file that cannot be used. {error.Message} Rename or delete it.", error);
        }
    }

    // Headers quote an ETag, listings do not.
    private static string Text(ETag etag) => etag.ToString("H");

    private static bool IsDirectory(IDictionary<string, string>? metadata) => metadata is not null && metadata.TryGetValue(DirectoryMark, out var mark) && mark == "true";

    internal static string DirectoryPrefix(LakePath directory) => directory.Path.Length == 0 ? "" : directory.Path + "/";

    private BlobClient Blob(LakePath path) => client.GetBlobContainerClient(path.Container).GetBlobClient(path.Path);
}
