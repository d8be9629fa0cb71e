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
        await foreach (var blob in StorageFault.GuardAsync($"listing {remote.Name}", container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, glob.Prefix, cancellationToken), cancellationToken))
        {
            if (glob.Matches(blob.Name) && !blob.Name.EndsWith('/') && !(blob.Metadata is { } metadata && metadata.TryGetValue("hdi_isfolder", out var mark) && mark == "true"))
            {
                yield return new LandedFile { Path = Place + blob.Name, ETag = $"{blob.Properties.ETag:H}", SizeBytes = blob.Properties.ContentLength ?? 0, Hash = Hash(blob.Properties.ContentHash) };
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
            try
            {
                await StorageFault.GuardAsync($"reading {file.Path}", () => container.GetBlobClient(NameOf(file)).DownloadToAsync(local, options, cancellationToken), cancellationToken);
                return file;
            }
            catch (TerminalException error) when (error.InnerException is RequestFailedException { Status: (int)HttpStatusCode.PreconditionFailed } && version < Versions)
            {
                file = (await FindAsync(NameOf(file), cancellationToken)) with { TakenHash = file.TakenHash };
            }
        }
    }

    private static string? Hash(byte[]? md5) => md5 is { Length: > 0 } ? Convert.ToHexStringLower(md5) : null;

    private string NameOf(LandedFile file) => file.Path[Place.Length..];

    private Task<LandedFile> FindAsync(string name, CancellationToken cancellationToken) => StorageFault.GuardAsync($"looking at {Place}{name}", async () =>
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
