using System.Runtime.CompilerServices;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Files of the container <c>landing</c> that a glob matches. A file that changed since the plan is not read.</summary>
internal sealed class ContainerFiles(ILake lake, FileGlob glob) : ILandingFiles
{
    /// <inheritdoc/>
    public bool HasRanges => true;

    /// <inheritdoc/>
    public async IAsyncEnumerable<LandedFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in lake.ListPrefixAsync(LandedFile.Container, glob.Prefix, cancellationToken))
        {
            if (glob.Matches(file.Path.Path))
            {
                yield return new LandedFile { Path = file.Path.Path, ETag = file.ETag, SizeBytes = file.SizeBytes, Hash = file.ContentHash };
            }
        }
    }

    /// <inheritdoc/>
    public async Task<LandedFile> DownloadAsync(LandedFile file, string local, CancellationToken cancellationToken)
    {
        await lake.DownloadAsync(file.LakePath, local, file.ETag, cancellationToken);
        return file;
    }
}
