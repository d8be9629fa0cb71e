using System.Collections.Concurrent;
using System.Net;
using System.Threading.RateLimiting;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>What the sources of an app share: the connections that are open, tokens, and buckets.</summary>
internal sealed class RestServers : IDisposable
{
    private readonly HttpClient http = Client(DecompressionMethods.All);

    // Files are taken as they lie there: of what is packed on the way, no part can be asked for.
    private readonly HttpClient files = Client(DecompressionMethods.None);

    private readonly ConcurrentDictionary<(string Connection, RestRate Rate), Lazy<RateLimiter>> buckets = new();
    private readonly ConcurrentDictionary<string, RestToken> tokens = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sends a request; the answer is there when its headers are.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>Sends a request for a file, whose bytes come as they are.</summary>
    public Task<HttpResponseMessage> SendForFileAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        files.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>Waits until a request may be made: as many as the rate has may follow each other at once.</summary>
    public async Task WaitAsync(RestDefinition rest, CancellationToken cancellationToken)
    {
        if (rest.Rate is { } rate)
        {
            var bucket = buckets.GetOrAdd((rest.Connection, rate), key => new Lazy<RateLimiter>(() => new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
            {
                TokenLimit = key.Rate.Requests,
                TokensPerPeriod = 1,
                ReplenishmentPeriod = key.Rate.Per / key.Rate.Requests,
                QueueLimit = int.MaxValue,
            })));
            using var lease = await bucket.Value.AcquireAsync(1, cancellationToken);
        }
    }

    /// <summary>The tokens of a connection.</summary>
    public RestToken TokenOf(string connection) => tokens.GetOrAdd(connection, _ => new RestToken());

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        files.Dispose();
        foreach (var bucket in buckets.Values.Where(b => b.IsValueCreated))
        {
            bucket.Value.Dispose();
        }

        foreach (var token in tokens.Values)
        {
            token.Dispose();
        }
    }

    private static HttpClient Client(DecompressionMethods decompression) => new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = decompression,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        },
        disposeHandler: true)
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
}

/// <summary>The token that a connection has now.</summary>
internal sealed class RestToken : IDisposable
{
    /// <summary>Held by whoever asks for a new one.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>The token; null: none yet.</summary>
    public string? Value { get; set; }

    /// <summary>From when on it is not used.</summary>
    public DateTimeOffset Until { get; set; }

    /// <inheritdoc/>
    public void Dispose() => Gate.Dispose();
}
