using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Polly;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>Asks an API. What may pass is tried again, page by page; what does not pass is told without any secret.</summary>
internal sealed partial class RestClient
{
    private const int MaxRedirects = 5;
    private readonly RestServers servers;
    private readonly RestConnection connection;
    private readonly RestAccess access;
    private readonly RestDefinition rest;
    private readonly RestOptions options;
    private readonly TimeProvider clock;
    private readonly ResiliencePipeline<Attempt> retries;

    /// <summary>A client of one source.</summary>
    public RestClient(RestServers servers, RestConnection connection, RestDefinition rest, RestOptions options, TimeProvider clock)
    {
        (this.servers, this.connection, this.rest, this.options, this.clock) = (servers, connection, rest, options, clock);
        access = new RestAccess(servers, connection, clock);
        retries = RestRetries.Of<Attempt>(options, clock, attempt => attempt is { Fault: not null, IsFinal: false }, attempt => attempt.Wait);
    }

    /// <summary>Asks for a page, and writes it to a file.</summary>
    /// <param name="page">The page's number, for messages.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="file">Gets the answer's body.</param>
    /// <param name="read">Looks at the file; what it throws as transient makes the page be asked for again.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="TransientException">It fails for now, also when asked again.</exception>
    /// <exception cref="TerminalException">It will fail again.</exception>
    public async Task<RestAnswer> FetchAsync(int page, RestRequest request, string file, Action<RestAnswer> read, CancellationToken cancellationToken)
    {
        var attempt = await retries.ExecuteAsync(async (_, token) => await TryAsync(page, request, file, read, token), cancellationToken, cancellationToken);
        return attempt.Answer ?? throw (Exception?)attempt.Fault ?? new InvalidOperationException("A page has neither an answer nor a fault.");
    }

    /// <summary>Whether the answer to a request is what it was; what is not known is not.</summary>
    public async Task<bool> IsUnchangedAsync(RestRequest request, RestValidator known, CancellationToken cancellationToken)
    {
        if (!known.Tells || known.Request != Identity(request))
        {
            return false;
        }

        try
        {
            await servers.WaitAsync(rest, cancellationToken);
            using var patience = Patience(options.AnswerTimeout, cancellationToken);
            using var message = await MessageAsync(request, patience.Token);
            message.Headers.TryAddWithoutValidation(known.ETag is null ? "If-Modified-Since" : "If-None-Match", known.ETag ?? known.LastModified);
            using var answer = await servers.SendAsync(message, patience.Token);
            return answer.StatusCode == HttpStatusCode.NotModified;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TransientException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The landing asks again, with patience.
            return false;
        }
    }

    /// <summary>Tells requests apart without holding what is in them.</summary>
    public static string Identity(RestRequest request) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{request.Url}\n{request.Body}")));

    private async Task<Attempt> TryAsync(int page, RestRequest request, string file, Action<RestAnswer> read, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await FollowAsync(page, request, file, cancellationToken);
            if (answer.Answer is { } found)
            {
                read(found);
            }

            return answer;
        }
        catch (TransientException error)
        {
            return new Attempt(null, error, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed($"{Name(page)} did not come in time. It may pass.");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            return Failed($"{Name(page)} could not be read: the connection failed or broke off ({connection.Redact(Describe(error))}). It may pass.");
        }
    }

    private async Task<Attempt> FollowAsync(int page, RestRequest request, string file, CancellationToken cancellationToken)
    {
        var isRenewed = false;
        for (var redirects = 0; ;)
        {
            await servers.WaitAsync(rest, cancellationToken);
            using var patience = Patience(options.AnswerTimeout, cancellationToken);
            using var message = await MessageAsync(request, patience.Token);
            using var answer = await servers.SendAsync(message, patience.Token);
            if (RestAccess.IsRedirect(answer.StatusCode))
            {
                request = request with { Url = Redirected(page, request, answer, redirects++) };
                continue;
            }

            if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden && connection.HasTokens && !isRenewed)
            {
                isRenewed = true;
                access.Renew();
                continue;
            }

            if (!answer.IsSuccessStatusCode)
            {
                return await RefusedAsync(page, answer, patience.Token);
            }

            await RequireJsonAsync(page, answer, patience.Token);
            await CopyAsync(page, answer, file, patience);
            return new Attempt(new RestAnswer(request.Url, NextLink(answer), new RestValidator(Identity(request), answer.Headers.ETag?.ToString(), Header(answer, "Last-Modified"))) { IsEmpty = answer.StatusCode == HttpStatusCode.NoContent }, null, null);
        }
    }

    private async Task CopyAsync(int page, HttpResponseMessage answer, string file, CancellationTokenSource patience)
    {
        var begun = clock.GetTimestamp();
        var buffer = new byte[128 * 1024];
        await using var body = await answer.Content.ReadAsStreamAsync(patience.Token);
        await using var target = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous);
        while (true)
        {
            patience.CancelAfter(options.ReadTimeout);
            var count = await body.ReadAsync(buffer, patience.Token);
            if (count == 0)
            {
                return;
            }

            await target.WriteAsync(buffer.AsMemory(0, count), patience.Token);
            if (target.Position > options.PageBytes)
            {
                throw new TerminalException(string.Create(CultureInfo.InvariantCulture, $"{Name(page)} is larger than {options.PageBytes:n0} bytes, which an answer may have: ask for fewer records at a time, such as rest: {{query: {{limit: 100}}}}."));
            }

            if (clock.GetElapsedTime(begun) > options.PageTimeout)
            {
                throw new TransientException($"{Name(page)} did not come in time. It may pass.");
            }
        }
    }

    // A page without a body has no type either.
    private async Task RequireJsonAsync(int page, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var type = answer.Content.Headers.ContentType;
        if (type?.MediaType is { } media && !media.Contains("json", StringComparison.OrdinalIgnoreCase) && answer.StatusCode != HttpStatusCode.NoContent)
        {
            throw new TerminalException($"{Name(page)} has the content type '{connection.Redact(media)}': expected application/json. It begins with: {await BeginningAsync(answer, cancellationToken)}");
        }

        if (type?.CharSet?.Trim('"') is { } charset && !charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase))
        {
            throw new TerminalException($"{Name(page)} is written in '{connection.Redact(charset)}': expected UTF-8, as JSON is.");
        }
    }

    private Uri Redirected(int page, RestRequest request, HttpResponseMessage answer, int redirects)
    {
        if (redirects >= MaxRedirects)
        {
            throw new TerminalException($"{Name(page)} leads from one URL to the next without an end: {MaxRedirects} redirects were followed.");
        }

        // As it stands there: a path would be taken for one of this machine's files.
        if (!answer.Headers.NonValidated.TryGetValues("Location", out var locations) || locations.FirstOrDefault() is not { } location || (request.Body is not null && answer.StatusCode is not (HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)))
        {
            throw new TerminalException($"{Name(page)} is redirected (HTTP {(int)answer.StatusCode}) in a way that cannot be followed: expected the answer itself. Check the connection's Url and the path.");
        }

        return Own(page, request.Url, location, "is redirected");
    }

    /// <summary>A URL that an answer names, if it is of the API's own scheme, host and port: what the app is known by goes nowhere else.</summary>
    /// <exception cref="TerminalException">It is another's.</exception>
    public Uri Own(int page, Uri from, string to, string how)
    {
        if (!Uri.TryCreate(from, to, out var url))
        {
            throw new TerminalException($"{Name(page)} {how} to what is no URL.");
        }

        return connection.Owns(url) ? url : throw new TerminalException(
            $"{Name(page)} {how} to another server, {connection.Redact(url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped))}, which was not asked: what connection '{connection.Name}' is known by is for {connection.Origin} only. If the API has moved, change the Url of Connections__{connection.Name}.");
    }

    /// <summary>What a message calls a page.</summary>
    public string Name(int page) => string.Create(CultureInfo.InvariantCulture, $"Page {page} of {rest.Name}");

    /// <summary>The beginning of a text, as a message may have it.</summary>
    public string Shown(string text) => connection.Shown(text);

    private static Attempt Failed(string message) => new(null, new TransientException(message), null);

    private static CancellationTokenSource Patience(TimeSpan time, CancellationToken cancellationToken)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        source.CancelAfter(time);
        return source;
    }

    private static string Describe(Exception error) => $"{error.GetType().Name}: {error.Message}".ReplaceLineEndings(" ");

    /// <summary>How an attempt ended.</summary>
    /// <param name="Answer">What came.</param>
    /// <param name="Fault">Why nothing came; it may pass.</param>
    /// <param name="Wait">How long the server asks to wait.</param>
    private sealed record Attempt(RestAnswer? Answer, TransientException? Fault, TimeSpan? Wait)
    {
        /// <summary>Whether to wait for it is not this step's affair.</summary>
        public bool IsFinal { get; init; }
    }
}
