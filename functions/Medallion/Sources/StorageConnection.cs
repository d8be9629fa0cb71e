using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources;

/// <summary>How a storage account lets the app in: by a connection string, or by the account's URL with the app's identity.</summary>
internal static class StorageConnection
{
    private static readonly string[] Keys = ["AccountName", "BlobEndpoint", "TableEndpoint", "SharedAccessSignature", "UseDevelopmentStorage"];

    /// <summary>Whether a setting is one, and not that of a web server.</summary>
    public static bool IsOne(string text) => UrlOf(text) is not null || text.Split(';').Any(part => Keys.Contains(part.Split('=')[0].Trim(), StringComparer.OrdinalIgnoreCase));

    /// <summary>Makes a client; no request is sent.</summary>
    /// <typeparam name="TClient">The SDK's client.</typeparam>
    /// <param name="connections">The app's settings.</param>
    /// <param name="name">The connection's name.</param>
    /// <param name="service">The service in the account's URL: <c>blob</c> or <c>table</c>.</param>
    /// <param name="byText">Makes it by a connection string.</param>
    /// <param name="byIdentity">Makes it by a URL; null: the app has no identity.</param>
    /// <param name="urlOf">Tells the URL of the client.</param>
    /// <exception cref="TerminalException">There is no such connection, or it cannot be used. No message holds its secrets.</exception>
    public static TClient Open<TClient>(Connections connections, string name, string service, Func<string, TClient> byText, Func<Uri, TClient>? byIdentity, Func<TClient, Uri> urlOf)
    {
        var text = connections.Find(name).Trim();
        try
        {
            var client = UrlOf(text) is not { } url ? byText(text)
                : url.Query.Length > 0 || url.UserInfo.Length > 0 ? throw new TerminalException($"its URL has a user or parameters: a shared access signature belongs into a connection string, {char.ToUpperInvariant(service[0])}{service[1..]}Endpoint=…;SharedAccessSignature=…")
                : byIdentity is null ? throw new TerminalException("it is a URL, but the app has no identity: expected a connection string")
                : byIdentity(url);
            return urlOf(client).Scheme == Uri.UriSchemeHttps || Hosts.AreLoopback(urlOf(client).Host) ? client : throw Hosts.Unprotected("https");
        }
        catch (TerminalException error)
        {
            throw new TerminalException($"The setting Connections__{name} cannot be used: {error.Message}.");
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            // The parser's words may repeat the text.
            throw new TerminalException(
                $"The setting Connections__{name} is no connection to a storage account: expected a connection string such as DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…, or a URL such as https://ACCOUNT.{service}.core.windows.net, for which the app's identity is used.");
        }
    }

    private static Uri? UrlOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" ? url : null;
}
