using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.File.Remote;

/// <summary>Files of another storage account that a glob matches. One that changed since the plan is taken as it is now.</summary>
/// <param name="container">Their container.</param>
/// <param name="glob">Which of its files.</param>
/// <param name="remote">What the source takes.</param>
/// <param name="mostBytes">How large a file may be.</param>
internal sealed class StorageFiles(BlobContainerClient container, FileGlob glob, RemoteDefinition remote, long mostBytes) : ILandingFiles
{
    private const int Versions = 5;

    // Each part that breaks off is asked for again from where it broke, on the condition that the file is still the same.
    private static readonly StorageTransferOptions Transfer = new() { MaximumConcurrency = 4, InitialTransferSize = 4 << 20, MaximumTransferSize = 4 << 20 };

    /// <inheritdoc/>
    public bool HasRanges => false;

    // What the ledger calls a file begins with its container.
    private string Place => $"{container.Uri.GetLeftPart(UriPartial.Path).TrimEnd('/')}/";

    /// <inheritdoc/>
    public async IAsyncEnumerable<LandedFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!remote.IsGlob)
        {
            yield return await FindAsync(glob.Prefix, cancellationToken);
            yield break;
        }

        // A container that is not there is no empty one.
        await using var blobs = container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, glob.Prefix, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await GuardAsync($"listing {remote.Name}", () => blobs.MoveNextAsync().AsTask(), cancellationToken))
        {
            var blob = blobs.Current;
            if (glob.Matches(blob.Name) && !blob.Name.EndsWith('/') && !(blob.Metadata is { } metadata && metadata.TryGetValue("hdi_isfolder", out var mark) && mark == "true"))
            {
                yield return new LandedFile { Path = Place + blob.Name, ETag = (blob.Properties.ETag ?? default).ToString("H"), SizeBytes = blob.Properties.ContentLength ?? 0, Hash = Hash(blob.Properties.ContentHash) };
            }
        }
    }

    /// <inheritdoc/>
    public async Task<LandedFile> DownloadAsync(LandedFile file, string local, CancellationToken cancellationToken)
    {
        for (var version = 1; ; version++)
        {
            RequireRoom(file);
            var options = new BlobDownloadToOptions { TransferOptions = Transfer, Conditions = new BlobRequestConditions { IfMatch = new ETag(file.ETag) } };
            if (await TryDownloadAsync(file, local, options, isLast: version == Versions, cancellationToken))
            {
                return file;
            }

            file = await FindAsync(NameOf(file), cancellationToken) with { TakenHash = file.TakenHash };
        }
    }

    private static string? Hash(byte[]? md5) => md5 is { Length: > 0 } ? Convert.ToHexStringLower(md5) : null;

    // The SDK's exception has the text of the answer, which may repeat what the app is known by.
    private static async Task<T> GuardAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await StorageFault.GuardAsync(what, call, cancellationToken);
        }
        catch (LakehouseException error) when (error.InnerException is not null)
        {
            throw error is TransientException ? new TransientException(error.Message) : new TerminalException(error.Message);
        }
    }

    /// <returns>False: it is not the file any more that was to be read.</returns>
    private Task<bool> TryDownloadAsync(LandedFile file, string local, BlobDownloadToOptions options, bool isLast, CancellationToken cancellationToken) => GuardAsync($"reading {file.Path}", async () =>
    {
        try
        {
            await container.GetBlobClient(NameOf(file)).DownloadToAsync(local, options, cancellationToken);
            return true;
        }
        catch (RequestFailedException error) when (error.Status == (int)HttpStatusCode.PreconditionFailed && !isLast)
        {
            return false;
        }
    }, cancellationToken);

    private string NameOf(LandedFile file) => file.Path[Place.Length..];

    private Task<LandedFile> FindAsync(string name, CancellationToken cancellationToken) => GuardAsync($"looking at {Place}{name}", async () =>
    {
        var found = (await container.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        return new LandedFile { Path = Place + name, ETag = found.ETag.ToString("H"), SizeBytes = found.ContentLength, Hash = Hash(found.ContentHash) };
    }, cancellationToken);

    private void RequireRoom(LandedFile file)
    {
        if (file.SizeBytes > mostBytes)
        {
            throw new TerminalException(string.Create(CultureInfo.InvariantCulture, $"The file {file.Path} has {file.SizeBytes:n0} bytes; an activity has {mostBytes:n0} of scratch disk: raise Engine__ScratchBytes, or lay the file into the container 'landing', where large ones are read in ranges."));
        }
    }
}
