using System.Data.Common;
using System.Net.Http.Headers;
using System.Text;
using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>An API, and what it knows the app by: a connection string as the app's settings have it.</summary>
internal sealed class RestConnection
{
    private const string Hidden = "***";
    private const int ShownCharacters = 200;
    private const string Expected = "expected KEY=VALUE;… such as Url=https://api.example.com/v1;Auth=bearer;Token=…";
    private static readonly string[] Kinds = ["none", "apikey", "basic", "bearer", "oauth2"];
    private readonly DbConnectionStringBuilder settings;
    private readonly HashSet<string> secrets = new(StringComparer.Ordinal);

    private RestConnection(string name, DbConnectionStringBuilder settings)
    {
        (Name, this.settings) = (name, settings);
        Url = Address("Url");
        Auth = Text("Auth")?.ToLowerInvariant() ?? Kinds[0];
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Where the API is.</summary>
    public Uri Url { get; }

    /// <summary>The scheme, host and port that alone are talked to.</summary>
    public string Origin => Url.GetLeftPart(UriPartial.Authority);

    /// <summary>Whether it has tokens of a limited life.</summary>
    public bool HasTokens => Auth == "oauth2";

    /// <summary>Where tokens are asked for.</summary>
    public Uri TokenUrl => Address("TokenUrl");

    private string Auth { get; }

    /// <summary>Reads a connection string.</summary>
    /// <exception cref="TerminalException">There is none, or it cannot be used. No message holds its secrets.</exception>
    public static RestConnection Read(Connections connections, string name)
    {
        var text = connections.Find(name);
        try
        {
            var connection = new RestConnection(name, new DbConnectionStringBuilder { ConnectionString = text });
            connection.Check();
            connection.Hide(text);
            return connection;
        }
        catch (TerminalException error)
        {
            throw new TerminalException($"The setting Connections__{name} cannot be used: {error.Message}.");
        }
        catch (ArgumentException)
        {
            // The parser's words may repeat the text.
            throw new TerminalException($"The setting Connections__{name} is no connection string: {Expected}.");
        }
    }

    /// <summary>The server of a URL that asks for nothing to be known by.</summary>
    public static RestConnection Open(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        var origin = url.GetLeftPart(UriPartial.Authority);
        return new RestConnection(origin, new DbConnectionStringBuilder { ["Url"] = origin });
    }

    /// <summary>A URL below that of the API.</summary>
    public Uri Below(string path) => new($"{Url.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{path}");

    /// <summary>Whether a URL is of the API's scheme, host and port.</summary>
    public bool Owns(Uri url) => url.GetLeftPart(UriPartial.Authority).Equals(Origin, StringComparison.OrdinalIgnoreCase) && url.UserInfo.Length == 0;

    /// <summary>Adds what makes a request known, except for tokens of a limited life.</summary>
    public void Sign(HttpRequestMessage request)
    {
        switch (Auth)
        {
            case "apikey" when Text("Query") is { } parameter && request.RequestUri is { } url:
                request.RequestUri = QueryText.With(url, parameter, Required("Key"));
                break;
            case "apikey":
                request.Headers.TryAddWithoutValidation(Text("Header") ?? "X-Api-Key", Required("Key"));
                break;
            case "basic":
                request.Headers.Authorization = Basic(Required("User ID"), Text("Password") ?? "");
                break;
            case "bearer":
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Required("Token"));
                break;
            default:
                break;
        }
    }

    /// <summary>The request for a token (RFC 6749, section 4.4).</summary>
    public HttpRequestMessage AskForToken()
    {
        var fields = new Dictionary<string, string> { ["grant_type"] = "client_credentials" };
        foreach (var (key, field) in new[] { ("Scope", "scope"), ("Audience", "audience"), ("Resource", "resource") })
        {
            if (Text(key) is { } value)
            {
                fields[field] = value;
            }
        }

        var request = new HttpRequestMessage(HttpMethod.Post, TokenUrl);
        if (string.Equals(Text("ClientAuth"), "basic", StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.Authorization = Basic(Uri.EscapeDataString(Required("ClientId")), Uri.EscapeDataString(Required("ClientSecret")));
        }
        else
        {
            (fields["client_id"], fields["client_secret"]) = (Required("ClientId"), Required("ClientSecret"));
        }

        request.Content = new FormUrlEncodedContent(fields);
        request.Headers.Accept.ParseAdd("application/json");
        return request;
    }

    /// <summary>Notes what no message may hold, in the ways that it is written.</summary>
    public void Hide(string? secret)
    {
        lock (secrets)
        {
            foreach (var written in new[] { secret ?? "", Uri.EscapeDataString(secret ?? ""), System.Text.Json.JsonEncodedText.Encode(secret ?? "").Value }.Where(s => s.Length > 3))
            {
                secrets.Add(written);
            }
        }
    }

    /// <summary>A text of which nothing is a secret of the connection.</summary>
    public string Redact(string text)
    {
        lock (secrets)
        {
            return secrets.OrderByDescending(s => s.Length).Aggregate(text, (shown, secret) => shown.Replace(secret, Hidden, StringComparison.Ordinal));
        }
    }

    /// <summary>The beginning of a text, as a message may have it.</summary>
    public string Shown(string text)
    {
        var plain = new string([.. Redact(text).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return plain.Length > ShownCharacters ? $"{plain[..ShownCharacters]} …" : plain;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private void Check()
    {
        if (!Kinds.Contains(Auth))
        {
            throw new TerminalException($"its Auth is none that is known: expected {string.Join(", ", Kinds)}");
        }

        foreach (var key in Auth switch { "apikey" => ["Key"], "basic" => ["User ID"], "bearer" => ["Token"], "oauth2" => ["TokenUrl", "ClientId", "ClientSecret"], _ => Array.Empty<string>() })
        {
            Required(key);
        }

        foreach (var key in new[] { "Key", "Password", "Token", "ClientSecret" })
        {
            Hide(Text(key));
        }

        using var signed = HasTokens ? AskForToken() : new HttpRequestMessage(HttpMethod.Get, Url);
        Sign(signed);
        Hide(signed.Headers.Authorization?.Parameter);
    }

    private Uri Address(string key)
    {
        var url = Uri.TryCreate(Required(key), UriKind.Absolute, out var found) && found.Scheme is "https" or "http" ? found : throw new TerminalException($"its {key} is no URL: {Expected}");
        return url.Query.Length > 0 && key == "Url" ? throw new TerminalException("its Url has a '?': parameters belong into the definition of the source, a key of the API into Auth=apikey;Query=NAME;Key=…")
            : url.UserInfo.Length > 0 ? throw new TerminalException($"its {key} has a user in it: expected Auth=basic;User ID=…;Password=…")
            : url.Scheme == "http" && !Hosts.AreLoopback(url.Host) ? throw Hosts.Unprotected($"{key}=https://…")
            : url;
    }

    private string Required(string key) => Text(key) ?? throw new TerminalException($"it has no {key}: {Expected}");

    private string? Text(string key) => settings.TryGetValue(key, out var value) && $"{value}".Trim() is { Length: > 0 } text ? text : null;

    private static AuthenticationHeaderValue Basic(string user, string password) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
}
