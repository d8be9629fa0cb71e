using Azure.Core;
using Azure.Storage.Files.DataLake.Models;

namespace Azure.Storage.Files.DataLake;

public class DataLakeClientOptions : ClientOptions
{
    public DataLakeClientOptions(ServiceVersion version = ServiceVersion.V2025_11_05) => throw null;

    public enum ServiceVersion
    {
        V2025_11_05 = 28,
    }
}

public class DataLakeServiceClient
{
    protected DataLakeServiceClient()
    {
    }

    public DataLakeServiceClient(string connectionString, DataLakeClientOptions options) => throw null;

    public DataLakeServiceClient(Uri serviceUri, TokenCredential credential, DataLakeClientOptions options) => throw null;

    public virtual DataLakeFileSystemClient GetFileSystemClient(string fileSystemName) => throw null;
}

public class DataLakeFileSystemClient
{
    protected DataLakeFileSystemClient()
    {
    }

    public virtual Task<Response<Models.FileSystemInfo>> CreateIfNotExistsAsync(DataLakeFileSystemCreateOptions options = null, CancellationToken cancellationToken = default) => throw null;

    public virtual DataLakeDirectoryClient GetDirectoryClient(string directoryName) => throw null;

    public virtual DataLakeFileClient GetFileClient(string fileName) => throw null;
}

public class DataLakePathClient
{
    protected DataLakePathClient()
    {
    }

    public virtual Task<Response<PathInfo>> SetAccessControlListAsync(
        IList<PathAccessControlItem> accessControlList, string owner = null, string group = null, DataLakeRequestConditions conditions = null, CancellationToken cancellationToken = default) => throw null;
}

public class DataLakeDirectoryClient : DataLakePathClient
{
    protected DataLakeDirectoryClient()
    {
    }

    public virtual Task<Response<bool>> DeleteIfExistsAsync(DataLakeRequestConditions conditions = null, CancellationToken cancellationToken = default) => throw null;

    public override Task<Response<PathInfo>> SetAccessControlListAsync(
        IList<PathAccessControlItem> accessControlList, string owner = null, string group = null, DataLakeRequestConditions conditions = null, CancellationToken cancellationToken = default) => throw null;
}

public class DataLakeFileClient : DataLakePathClient
{
    protected DataLakeFileClient()
    {
    }

    public virtual Task<Response<bool>> DeleteIfExistsAsync(DataLakeRequestConditions conditions = null, CancellationToken cancellationToken = default) => throw null;

    public virtual Task<Response<DataLakeFileClient>> RenameAsync(
        string destinationPath,
        string destinationFileSystem = null,
        DataLakeRequestConditions sourceConditions = null,
        DataLakeRequestConditions destinationConditions = null,
        CancellationToken cancellationToken = default) => throw null;

    public virtual Task<Response<PathInfo>> UploadAsync(Stream content, DataLakeFileUploadOptions options, CancellationToken cancellationToken = default) => throw null;

    public virtual Task<Response<PathInfo>> UploadAsync(string path, DataLakeFileUploadOptions options, CancellationToken cancellationToken = default) => throw null;
}
