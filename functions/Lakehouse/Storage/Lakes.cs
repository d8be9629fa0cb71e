using Azure.Core;
using Azure.Storage.Blobs;

namespace Pipeline.Lakehouse.Storage;

/// <summary>Opens the lake that the options name.</summary>
public static partial class Lakes
{
    /// <summary>Opens a lake; no request is sent.</summary>
    /// <exception cref="TerminalException">The options name no account, or a hierarchical one in a build without its client.</exception>
    public static ILake Open(LakeOptions options, TokenCredential credential)
    {
        var blobs = (options.ConnectionString, options.BlobEndpoint) switch
        {
            ({ Length: > 0 } text, null) => new BlobServiceClient(text, BlobLake.Options()),
            (null or "", { } endpoint) => new BlobServiceClient(endpoint, credential, BlobLake.Options()),
            _ => throw new TerminalException("The lake's options are not usable: set either the connection string or the blob endpoint."),
        };
        ILake? lake = null;
        if (options.Hierarchical)
        {
            OpenAdls(options, blobs, credential, ref lake);
            return lake ?? throw new TerminalException("This build has no client for ADLS Gen2: build with -p:AzureSdk=nuget, or configure the lake as not hierarchical.");
        }

        return new BlobLake(blobs);
    }

    static partial void OpenAdls(LakeOptions options, BlobServiceClient blobs, TokenCredential credential, ref ILake? lake);
}
