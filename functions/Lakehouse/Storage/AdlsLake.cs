using System.Runtime.CompilerServices;
using Azure.Storage.Blobs;
using Azure.Storage.Files.DataLake;
using Azure.Storage.Files.DataLake.Models;

namespace Pipeline.Lakehouse.Storage;

/// <summary>A lake in an ADLS Gen2 account. Writing goes through its own endpoint: a file gets its name by an atomic rename, a directory is deleted at once.
/// Reading and listing go through its blob endpoint, whose listings tell the content hash.</summary>
/// <param name="files">The account's dfs endpoint.</param>
/// <param name="blobs">The same account's blob endpoint.</param>
/// <param name="readers">Entra object ids of the groups that may read, by container.</param>
public sealed partial class AdlsLake(DataLakeServiceClient files, BlobServiceClient blobs, IReadOnlyDictionary<string, IReadOnlyList<string>> readers) : ILake
{
    // A file that is being written lies beside its place, where it inherits the same access; its dot hides it from other engines.
    private const string PartSuffix = ".uploading";

    private const RolePermissions ReadAndEnter = RolePermissions.Read | RolePermissions.Execute;
    private const RolePermissions All = ReadAndEnter | RolePermissions.Write;
    private readonly BlobLake reader = new(blobs);

    /// <inheritdoc/>
    /// <remarks>Gives the container's readers their access. What is written from then on inherits it; what is there already keeps its own.</remarks>
    public Task CreateContainerAsync(string container, CancellationToken cancellationToken) => StorageFault.GuardAsync($"creating container {container}", async () =>
    {
        var system = files.GetFileSystemClient(container);
        await system.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        if (readers.TryGetValue(container, out var groups))
        {
            await system.GetDirectoryClient("").SetAccessControlListAsync(AccessFor(groups), cancellationToken: cancellationToken);
        }

        return true;
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<LakeFile?> FindAsync(LakePath path, CancellationToken cancellationToken) => reader.FindAsync(path, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<LakeFile> ListAsync(LakePath directory, CancellationToken cancellationToken) =>
        ListPrefixAsync(directory.Container, BlobLake.DirectoryPrefix(directory), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>The account lists directory by directory, which is not ordinal order: the listing is held in memory and sorted.</remarks>
    public async IAsyncEnumerable<LakeFile> ListPrefixAsync(string container, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var listing = await reader.ListUnorderedAsync(container, prefix, cancellationToken)
            .Where(file => !file.Path.Path.EndsWith(PartSuffix, StringComparison.Ordinal))
            .ToListAsync(cancellationToken);
        foreach (var file in listing.OrderBy(file => file.Path.Path, StringComparer.Ordinal))
        {
            yield return file;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListDirectoriesAsync(LakePath directory, CancellationToken cancellationToken) => reader.ListDirectoriesAsync(directory, cancellationToken);

    /// <inheritdoc/>
    public Task<byte[]?> ReadAsync(LakePath path, CancellationToken cancellationToken) => reader.ReadAsync(path, cancellationToken);

    /// <inheritdoc/>
    public Task DownloadAsync(LakePath path, string localFile, string? ifMatch, CancellationToken cancellationToken) =>
        reader.DownloadAsync(path, localFile, ifMatch, cancellationToken);

    /// <inheritdoc/>
    public Task<T> ReadFromAsync<T>(LakePath path, long offset, string? ifMatch, Func<Stream, Task<T>> read, CancellationToken cancellationToken) =>
        reader.ReadFromAsync(path, offset, ifMatch, read, cancellationToken);

    // POSIX access of the container's root: for itself and, as the default, for everything made below it.
    private static List<PathAccessControlItem> AccessFor(IReadOnlyList<string> groups) => [.. AccessFor(groups, inherited: false), .. AccessFor(groups, inherited: true)];

    private static IEnumerable<PathAccessControlItem> AccessFor(IReadOnlyList<string> groups, bool inherited) =>
    [
        new(AccessControlType.User, All, inherited),
        new(AccessControlType.Group, ReadAndEnter, inherited),
        new(AccessControlType.Mask, ReadAndEnter, inherited),
        new(AccessControlType.Other, RolePermissions.None, inherited),
        .. groups.Select(group => new PathAccessControlItem(AccessControlType.Group, ReadAndEnter, inherited, group)),
    ];
}
