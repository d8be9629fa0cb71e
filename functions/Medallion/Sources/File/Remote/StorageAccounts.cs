using System.Collections.Concurrent;
using Azure.Core;
using Azure.Storage.Blobs;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.Rest;

namespace Pipeline.Medallion.Sources.File.Remote;

/// <summary>Other storage accounts whose files are sources.</summary>
/// <param name="connections">The app's settings.</param>
/// <param name="options">How they are asked, and for how long.</param>
/// <param name="identity">The app's; null: it has none.</param>
internal sealed class StorageAccounts(Connections connections, RestOptions options, TokenCredential? identity)
{
    private readonly ConcurrentDictionary<(string Account, int Attempts), BlobServiceClient> accounts = new();

    /// <summary>The files of an account that a source takes; null: its URL is one of a web server.</summary>
    /// <param name="remote">What it takes.</param>
    /// <param name="attempts">How often the account is asked; by default as often as an API.</param>
    /// <param name="mostBytes">How large a file may be.</param>
    /// <exception cref="TerminalException">The account cannot be used, or is another than the URL's. No message holds a secret.</exception>
    public StorageFiles? Find(RemoteDefinition remote, int? attempts, long mostBytes)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (remote.Connection is { } name ? !StorageConnection.IsOne(connections.Find(name).Trim()) : !remote.IsGlob)
        {
            return remote.IsGlob ? throw new TerminalException($"The files {remote.Name} are of a storage account, but Connections__{remote.Connection} is that of a web server, which lists none: expected the account's connection string or URL.") : null;
        }

        var account = accounts.GetOrAdd((remote.Connection ?? BlobUrl(remote).GetLeftPart(UriPartial.Authority), attempts ?? options.Attempts), key => Connect(remote, key.Attempts));
        // Without the shared access signature that it may have.
        var (own, asked) = (account.Uri.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/", BlobUrl(remote).GetLeftPart(UriPartial.Path));
        var path = asked.StartsWith(own, StringComparison.OrdinalIgnoreCase) ? Uri.UnescapeDataString(asked[own.Length..]).Split('/', 2) : [];
        return path is [{ Length: > 0 } container, { Length: > 0 } glob] && !container.Contains('*', StringComparison.Ordinal) && remote.Url.Query.Length == 0
            ? new StorageFiles(account.GetBlobContainerClient(container), new FileGlob(glob), remote, mostBytes)
            : throw new TerminalException($"The files {remote.Name} are not in a container of connection '{remote.Connection ?? "none"}': expected a URL such as {own}CONTAINER/sales/*.csv, without a '?'. Change the source's 'path', or its connection.");
    }

    // What a hierarchical account has at its dfs endpoint, it has at its blob endpoint too.
    private static Uri BlobUrl(RemoteDefinition remote) => new UriBuilder(remote.Url) { Host = remote.Url.Host.Replace(".dfs.", ".blob.", StringComparison.OrdinalIgnoreCase) }.Uri;

    private BlobServiceClient Connect(RemoteDefinition remote, int attempts)
    {
        var settings = BlobLake.Options();
        (settings.Retry.MaxRetries, settings.Retry.Delay, settings.Retry.MaxDelay, settings.Retry.NetworkTimeout) = (attempts - 1, options.FirstDelay, options.LongestDelay, options.AnswerTimeout);
        if (remote.Connection is { } name)
        {
            return StorageConnection.Open(connections, name, "blob", text => new BlobServiceClient(text, settings), identity is null ? null : url => new BlobServiceClient(url, identity, settings), account => account.Uri);
        }

        return identity is null || remote.Url.Scheme != Uri.UriSchemeHttps
            ? throw new TerminalException($"The files {remote.Name} need a 'connection' that names a setting Connections__NAME with the account's connection string: the app has no identity that it could show there.")
            : new BlobServiceClient(new Uri(BlobUrl(remote).GetLeftPart(UriPartial.Authority)), identity, settings);
    }
}
