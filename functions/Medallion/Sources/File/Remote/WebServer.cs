using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.Rest;
using Polly;

namespace Pipeline.Medallion.Sources.File.Remote;

/// <summary>Asks a web server for a file, or a part of it. What may pass is tried again; what does not pass is told without any secret.</summary>
internal sealed class WebServer
{
    private const int MaxRedirects = 5;
    private readonly RestServers servers;
    private readonly RestConnection connection;
    private readonly RestAccess access;
    private readonly RemoteDefinition remote;
    private readonly ResiliencePipeline<WebAttempt> retries;

    /// <summary>A server as one source knows it.</summary>
    /// <exception cref="TerminalException">The file is of another server than the connection.</exception>
    public WebServer(RestServers servers, RestConnection connection, RemoteDefinition remote, RestOptions options, TimeProvider clock)
    {
        if (!connection.Owns(remote.Url))
        {
            throw new TerminalException($"The file {remote.Name} is not of the server of connection '{connection.Name}': expected a URL that begins with {connection.Origin}. Change the source's 'path', or the Url of Connections__{connection.Name}.");
        }

        (this.servers, this.connection, this.remote, Options) = (servers, connection, remote, options);
        access = new RestAccess(servers, connection, clock);
        retries = RestRetries.Of<WebAttempt>(options, clock, attempt => attempt is { Fault: not null, IsFinal: false }, attempt => attempt.Wait);
    }

    /// <summary>How it is asked.</summary>
    public RestOptions Options { get; }

    /// <summary>What messages call the file.</summary>
    public string Name => remote.Name;

    /// <summary>Does something until it goes well, does not pass, or was tried often enough.</summary>
    public async Task<WebAttempt> RetryAsync(Func<CancellationToken, Task<WebAttempt>> attempt, CancellationToken cancellationToken) =>
        await retries.ExecuteAsync(async (_, token) => await GuardAsync(attempt, token), cancellationToken, cancellationToken);

    /// <summary>Sends a request, and reads the answer. Redirects within the server are followed.</summary>
    /// <param name="method">GET or HEAD.</param>
    /// <param name="prepare">Adds to the request.</param>
    /// <param name="read">Reads the answer, whatever its status, while the source of its token has not run out of time.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<WebAttempt> AskAsync(HttpMethod method, Action<HttpRequestMessage> prepare, Func<HttpResponseMessage, CancellationTokenSource, Task<WebAttempt>> read, CancellationToken cancellationToken)
    {
        var (url, isRenewed) = (remote.Url, false);
        for (var redirects = 0; ;)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Options.AnswerTimeout);
            using var message = new HttpRequestMessage(method, url);
            message.Headers.AcceptEncoding.ParseAdd("identity");
            message.Headers.UserAgent.ParseAdd("pipeline");
            prepare(message);
            await access.SignAsync(message, patience.Token);
            using var answer = await servers.SendForFileAsync(message, patience.Token);
            if (RestAccess.IsRedirect(answer.StatusCode))
            {
                url = Redirected(url, answer, redirects++);
                continue;
            }

            if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden && connection.HasTokens && !isRenewed)
            {
                isRenewed = true;
                access.Renew();
                continue;
            }

            return await read(answer, patience);
        }
    }

    /// <summary>Tells why an answer is none that can be used.</summary>
    /// <exception cref="TerminalException">It will be the same the next time.</exception>
    public async Task<WebAttempt> RefusedAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var (status, wait) = ((int)answer.StatusCode, access.RetryAfter(answer));
        if (RestAccess.IsPassing(answer.StatusCode) || (answer.StatusCode == HttpStatusCode.Forbidden && wait is not null))
        {
            return wait is null || wait <= Options.LongestRetryAfter
                ? new WebAttempt(new TransientException($"The file {Name} is not given for now (HTTP {status}). It may pass."), wait)
                : WebAttempt.Failed(string.Create(CultureInfo.InvariantCulture, $"The file {Name} is not given for now (HTTP {status}): the server asks to wait for {wait.Value.TotalSeconds:0} s (Retry-After), longer than the {Options.LongestRetryAfter.TotalSeconds:0} s that a step waits. Start a run later.")) with { IsFinal = true };
        }

        var beginning = connection.Shown(await RestAccess.TextAsync(answer, cancellationToken)) is { Length: > 0 } text ? text : "(nothing)";
        throw new TerminalException(answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden when remote.Connection is { } name => $"The file {Name} is refused (HTTP {status}): the server does not accept what connection '{name}' is known by, or it may not read this. Check Connections__{name}. The answer begins with: {beginning}",
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"The file {Name} is refused (HTTP {status}): not everybody may read it. Give the source a 'connection' that the server knows. The answer begins with: {beginning}",
            HttpStatusCode.NotFound or HttpStatusCode.Gone => $"The file {Name} is not there (HTTP {status}). Check the source's 'path'. The answer begins with: {beginning}",
            _ => $"The file {Name} is refused (HTTP {status}). Check the definition of the source. The answer begins with: {beginning}",
        });
    }

    private async Task<WebAttempt> GuardAsync(Func<CancellationToken, Task<WebAttempt>> attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await attempt(cancellationToken);
        }
        catch (TransientException error)
        {
            return new WebAttempt(error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return WebAttempt.Failed($"The file {Name} did not come in time. It may pass.");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            return WebAttempt.Failed($"The file {Name} could not be read: the connection failed or broke off ({connection.Shown($"{error.GetType().Name}: {error.Message}")}). It may pass.");
        }
    }

    private Uri Redirected(Uri from, HttpResponseMessage answer, int redirects)
    {
        if (redirects >= MaxRedirects)
        {
            throw new TerminalException($"The file {Name} leads from one URL to the next without an end: {MaxRedirects} redirects were followed.");
        }

        // As it stands there: a path would be taken for one of this machine's files.
        if (!answer.Headers.NonValidated.TryGetValues("Location", out var locations) || !Uri.TryCreate(from, locations.FirstOrDefault() ?? "", out var url))
        {
            throw new TerminalException($"The file {Name} is redirected (HTTP {(int)answer.StatusCode}) to what is no URL: expected the file itself. Check the source's 'path'.");
        }

        return connection.Owns(url) ? url : throw new TerminalException(
            $"The file {Name} is redirected to another server, {connection.Redact(url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped))}, which was not asked: expected the file from {connection.Origin}. If it has moved, change the source's 'path'.");
    }
}
