using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Pipeline.Local;

/// <summary>Copies files of this machine into a container. Their Content-MD5 says what is there already.</summary>
internal sealed class Landing(BlobServiceClient storage)
{
    private const int AtOnce = 4;

    /// <summary>What a copy did.</summary>
    public sealed record Report(int Uploaded, int Unchanged, int Deleted);

    /// <summary>Copies a folder's files, by their relative paths.</summary>
    /// <param name="container">landing or pipelines; made if it is not there.</param>
    /// <param name="prefix">What precedes each relative path; empty, or ends with '/'.</param>
    /// <param name="folder">What the relative paths are relative to.</param>
    /// <param name="files">Full paths below the folder.</param>
    /// <param name="mirror">Also deletes what lies under the prefix and is not among the files.</param>
    /// <param name="cancellationToken">Stops between two files.</param>
    public async Task<Report> UploadAsync(string container, string prefix, string folder, IEnumerable<string> files, bool mirror, CancellationToken cancellationToken)
    {
        var target = storage.GetBlobContainerClient(container);
        await target.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var there = new Dictionary<string, byte[]?>(StringComparer.Ordinal);
        await foreach (var blob in target.GetBlobsAsync(prefix: prefix, cancellationToken: cancellationToken))
        {
            there[blob.Name] = blob.Properties.ContentHash;
        }

        var local = files.ToDictionary(file => prefix + Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'), StringComparer.Ordinal);
        var uploaded = 0;
        var work = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(local, work, async (file, stop) =>
        {
            await using var content = File.OpenRead(file.Value);
            var hash = await HashAsync(content, stop);
            if (there.TryGetValue(file.Key, out var known) && known is not null && known.AsSpan().SequenceEqual(hash))
            {
                return;
            }

            content.Position = 0;
            await target.GetBlobClient(file.Key).UploadAsync(content, new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentHash = hash } }, stop);
            Interlocked.Increment(ref uploaded);
        });

        var stale = mirror ? there.Keys.Except(local.Keys, StringComparer.Ordinal).ToList() : [];
        foreach (var name in stale)
        {
            await target.DeleteBlobIfExistsAsync(name, cancellationToken: cancellationToken);
        }

        return new Report(uploaded, local.Count - uploaded, stale.Count);
    }

    /// <summary>Copies a pipeline's definition, so that it wins over one shipped with the app.</summary>
    /// <exception cref="Emulators.LaunchException">The folder has no such pipeline.</exception>
    public Task<Report> UploadDefinitionAsync(string pipelinesFolder, string pipeline, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(pipelinesFolder, pipeline);
        var definition = Path.Combine(folder, "pipeline.yaml");
        if (!File.Exists(definition))
        {
            throw new Emulators.LaunchException($"There is no pipeline '{pipeline}' in {pipelinesFolder}: {definition} does not exist.");
        }

        IEnumerable<string> files = [definition, .. Below("models", "*.sql"), .. Below("schemas", "*.json")];
        return UploadAsync("pipelines", $"{pipeline}/", folder, files, mirror: true, cancellationToken);

        IEnumerable<string> Below(string kind, string pattern) =>
            Path.Combine(folder, kind) is var there && Directory.Exists(there) ? Directory.EnumerateFiles(there, pattern, SearchOption.AllDirectories) : [];
    }

    /// <summary>Copies files that arrive: everything in a folder, by the paths relative to it.</summary>
    /// <param name="folder">What the paths are relative to.</param>
    /// <param name="below">Only what lies in this folder of it; empty: all.</param>
    /// <param name="cancellationToken">Stops between two files.</param>
    public Task<Report> UploadFilesAsync(string folder, string below, CancellationToken cancellationToken) =>
        UploadAsync("landing", "", folder, Directory.EnumerateFiles(Path.Combine(folder, below), "*", SearchOption.AllDirectories), mirror: false, cancellationToken);

    [SuppressMessage("Security", "CA5351:Do not use broken cryptographic algorithms", Justification = "Content-MD5 is what the storage protocol defines.")]
    private static async Task<byte[]> HashAsync(Stream content, CancellationToken cancellationToken) => await MD5.HashDataAsync(content, cancellationToken);
}
