using Pipeline.Medallion.Sources;

namespace Pipeline.Medallion.Definitions;

/// <content>Sources that are files of a web server.</content>
internal sealed partial class DefinitionReader
{
    private static bool IsUrl(string path) => path.Contains("://", StringComparison.Ordinal);

    private static RemoteDefinition? ReadRemote(YamlMap map, string name, string connector)
    {
        if (connector != PipelineKeys.FileConnector)
        {
            return null;
        }

        if (map.Text("path") is not { } path || !IsUrl(path))
        {
            if (map.Has("connection"))
            {
                map.ProblemAt("connection", $"source '{name}' has 'connection', which for files is what the server of a URL knows the app by, but its 'path' is none: the container 'landing' is the app's own");
            }

            return null;
        }

        // A URL that is refused is not repeated: it may hold what nobody is to read.
        if (!Uri.TryCreate(path, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || url.UserInfo.Length > 0 || url.Fragment.Length > 0 || (url.AbsolutePath.Contains('*', StringComparison.Ordinal) && !IsOfStorage(url)))
        {
            map.ProblemAt("path", $"'path' of source '{name}' is no URL of a file: expected one such as https://example.com/data/orders.csv.gz, without a user, a '#' or a '*'; or a glob in a storage account, such as https://ACCOUNT.blob.core.windows.net/CONTAINER/sales/*.csv. What the server knows the app by belongs into the setting of a 'connection'");
            return null;
        }

        if (url.Scheme == "http" && !Hosts.AreLoopback(url.Host))
        {
            map.ProblemAt("path", $"'path' of source '{name}' is a URL without TLS, which only a server on this machine may have: expected https://…");
        }

        foreach (var key in url.Query.TrimStart('?').Split('&').Select(p => Uri.UnescapeDataString(p.Split('=')[0])).Where(IsSecretParameter))
        {
            map.ProblemAt("path", $"'path' of source '{name}' has the parameter '{key}', which carries a secret: expected it in the app's setting Connections__NAME, such as Url={url.GetLeftPart(UriPartial.Authority)};Auth=apikey;Query={key};Key=…, and 'connection: NAME'");
        }

        if (url.AbsolutePath.Contains('*', StringComparison.Ordinal) && url.Query.Length > 0)
        {
            map.ProblemAt("path", $"'path' of source '{name}' has a '?', which begins a query in a URL: in a glob of a storage account only '*' stands for other characters, and a shared access signature belongs into the setting of a 'connection'");
        }

        return new RemoteDefinition { Url = url, Connection = map.Has("connection") ? ReadConnection(map, name) : null };
    }

    // Of any cloud; an emulator is on this machine.
    private static bool IsOfStorage(Uri url) => url.Host.Split('.') is [_, "blob" or "dfs", "core" or "storage", ..] || Hosts.AreLoopback(url.Host);

    private static bool IsSecretParameter(string parameter) =>
        parameter.ToLowerInvariant().Replace('-', '_') is var plain && (Secrets.Contains(plain) || plain is "apikey" or "access_token" or "client_secret" or "sig" || plain.EndsWith("signature", StringComparison.Ordinal));
}
