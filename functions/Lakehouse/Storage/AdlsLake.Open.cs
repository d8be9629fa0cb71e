using Azure.Core;
using Azure.Storage.Blobs;
using Azure.Storage.Files.DataLake;

namespace Pipeline.Lakehouse.Storage;

public static partial class Lakes
{
    static partial void OpenAdls(LakeOptions options, BlobServiceClient blobs, TokenCredential credential, ref ILake? lake)
    {
        var retry = BlobLake.Options().Retry;
        var client = new DataLakeClientOptions
        {
            Retry = { MaxRetries = retry.MaxRetries, Delay = retry.Delay, MaxDelay = retry.MaxDelay, NetworkTimeout = retry.NetworkTimeout },
        };
        client.Diagnostics.IsLoggingContentEnabled = false;
        var files = options.ConnectionString is { Length: > 0 } text
            ? new DataLakeServiceClient(text, client)
            : new DataLakeServiceClient(new Uri(blobs.Uri.AbsoluteUri.Replace(".blob.", ".dfs.", StringComparison.Ordinal)), credential, client);
        lake = new AdlsLake(files, blobs, options.Readers);
    }
}
