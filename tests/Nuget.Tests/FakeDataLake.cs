using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Files.DataLake;
using Azure.Storage.Files.DataLake.Models;

namespace Pipeline.Nuget.Tests;

/// <summary>The dfs endpoint's behaviour over a flat account, as far as a lake uses it.</summary>
internal sealed class FakeDataLake(BlobServiceClient blobs) : DataLakeServiceClient
{
    /// <summary>Status and code by which the next rename fails although it was done, as a repeat by the SDK would see it.</summary>
    public (int Status, string Code)? FailAfterRename { get; set; }

    public List<PathAccessControlItem> Access { get; } = [];

    public override DataLakeFileSystemClient GetFileSystemClient(string fileSystemName) => new FileSystem(this, blobs.GetBlobContainerClient(fileSystemName));

    private sealed class FileSystem(FakeDataLake lake, BlobContainerClient container) : DataLakeFileSystemClient
    {
        public override async Task<Response<Azure.Storage.Files.DataLake.Models.FileSystemInfo>> CreateIfNotExistsAsync(DataLakeFileSystemCreateOptions options, CancellationToken cancellationToken)
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            return null!;
        }

        public override DataLakeDirectoryClient GetDirectoryClient(string directoryName) => new Folder(lake, container, directoryName);

        public override DataLakeFileClient GetFileClient(string fileName) => new LakeFileClient(lake, container, fileName);
    }

    private sealed class Folder(FakeDataLake lake, BlobContainerClient container, string name) : DataLakeDirectoryClient
    {
        public override async Task<Response<bool>> DeleteIfExistsAsync(DataLakeRequestConditions conditions, CancellationToken cancellationToken)
        {
            await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, name + "/", cancellationToken))
            {
                await container.DeleteBlobAsync(blob.Name, cancellationToken: cancellationToken);
            }

            return null!;
        }

        public override Task<Response<PathInfo>> SetAccessControlListAsync(
            IList<PathAccessControlItem> accessControlList, string owner, string group, DataLakeRequestConditions conditions, CancellationToken cancellationToken)
        {
            lake.Access.AddRange(accessControlList);
            return Task.FromResult<Response<PathInfo>>(null!);
        }
    }

    private sealed class LakeFileClient(FakeDataLake lake, BlobContainerClient container, string name) : DataLakeFileClient
    {
        private readonly BlobClient blob = container.GetBlobClient(name);

        public override async Task<Response<PathInfo>> UploadAsync(Stream content, DataLakeFileUploadOptions options, CancellationToken cancellationToken)
        {
            await blob.UploadAsync(content, new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentHash = options.HttpHeaders.ContentHash } }, cancellationToken);
            return null!;
        }

        public override async Task<Response<PathInfo>> UploadAsync(string path, DataLakeFileUploadOptions options, CancellationToken cancellationToken)
        {
            await using var stream = File.OpenRead(path);
            return await UploadAsync(stream, options, cancellationToken);
        }

        public override async Task<Response<bool>> DeleteIfExistsAsync(DataLakeRequestConditions conditions, CancellationToken cancellationToken) =>
            await blob.DeleteIfExistsAsync(cancellationToken: cancellationToken);

        public override async Task<Response<DataLakeFileClient>> RenameAsync(
            string destinationPath, string destinationFileSystem, DataLakeRequestConditions sourceConditions, DataLakeRequestConditions destinationConditions, CancellationToken cancellationToken)
        {
            var source = (await blob.DownloadContentAsync(cancellationToken)).Value;
            try
            {
                await container.GetBlobClient(destinationPath).UploadAsync(
                    source.Content,
                    new BlobUploadOptions
                    {
                        HttpHeaders = new BlobHttpHeaders { ContentHash = source.Details.ContentHash },
                        Conditions = destinationConditions is null ? null : new BlobRequestConditions { IfNoneMatch = destinationConditions.IfNoneMatch },
                    },
                    cancellationToken);
            }
            catch (RequestFailedException error) when (error.Status == 409)
            {
                throw new RequestFailedException(409, "The specified path already exists.", "PathAlreadyExists", error);
            }

            await blob.DeleteAsync(cancellationToken: cancellationToken);
            if (lake.FailAfterRename is { } failure)
            {
                lake.FailAfterRename = null;
                throw new RequestFailedException(failure.Status, "As told.", failure.Code, null);
            }

            return null!;
        }
    }
}
