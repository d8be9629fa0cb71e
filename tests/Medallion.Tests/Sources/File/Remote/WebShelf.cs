using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.File;
using Pipeline.Medallion.Sources.File.Remote;
using Pipeline.Medallion.Sources.Rest;
using Pipeline.Medallion.Tests.Sources.Rest;

namespace Pipeline.Medallion.Tests.Sources.File.Remote;

/// <summary>A web server with one file, which does what servers do, and pipelines that take it as the source <c>orders</c>.</summary>
internal sealed class WebShelf : IAsyncDisposable
{
    private RestShop? shop;

    public byte[] Content { get; set; } = [];

    /// <summary>Null: the server has none.</summary>
    public string? ETag { get; set; }

    public DateTimeOffset? Modified { get; set; }

    public bool KnowsHead { get; set; } = true;

    public bool KnowsRanges { get; set; } = true;

    /// <summary>Headers of the file, whatever its content is.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.Ordinal);

    /// <summary>After how many bytes of each answer, one after the other, the connection breaks off.</summary>
    public ConcurrentQueue<int> Breaks { get; } = new();

    /// <summary>What happens before a request is answered; whether it is answered by that.</summary>
    public Func<HttpContext, bool> Before { get; set; } = _ => false;

    /// <summary>The requests so far, such as <c>GET bytes=10-</c>.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public string Url => $"{Shop.Url}/v1/data/orders.csv";

    public RestShop Shop => shop ?? throw new InvalidOperationException("The server is not started.");

    public static async Task<WebShelf> StartAsync(MedallionFixture medallion, string content, string? etag = "\"1\"")
    {
        var shelf = new WebShelf { Content = Encoding.UTF8.GetBytes(content), ETag = etag };
        shelf.shop = await RestShop.StartAsync(medallion, shelf.AnswerAsync);
        return shelf;
    }

    /// <summary>A pipeline that takes the file.</summary>
    public async Task<TestPipeline> PipelineAsync(MedallionFixture medallion, string keys = "key: [id]", string? url = null, string auth = "Auth=none", RestOptions? options = null) =>
        (await TestPipeline.CreateAsync(medallion, $"sources:\n  orders: {{connector: file, path: \"{url ?? Url}\", {keys}}}")).On(Shop.Compose(auth, options));

    /// <summary>The file, without a pipeline around it.</summary>
    public async Task<T> OpenAsync<T>(Func<WebFile, Task<T>> use, long mostBytes = 1_000_000, string? auth = null)
    {
        using var servers = new RestServers();
        var remote = new RemoteDefinition { Url = new Uri(Url), Connection = auth is null ? null : "shop" };
        var connection = auth is null ? RestConnection.Open(remote.Url) : RestConnection.Read(new Connections([KeyValuePair.Create<string, string?>("shop", $"Url={Shop.Url};{auth}")]), "shop");
        return await use(new WebFile(new WebServer(servers, connection, remote, RestShop.Quick, TimeProvider.System), mostBytes, TimeProvider.System));
    }

    /// <summary>Downloads the file that a plan found with the ETag 1.</summary>
    public Task<(LandedFile File, string Text)> DownloadAsync(long mostBytes = 1_000_000) => OpenAsync(
        async file =>
        {
            var local = Path.GetTempFileName();
            try
            {
                var read = await file.DownloadAsync(new LandedFile { Path = Url, ETag = "\"1\"", SizeBytes = 0 }, local, TestContext.Current.CancellationToken);
                return (read, await System.IO.File.ReadAllTextAsync(local, TestContext.Current.CancellationToken));
            }
            finally
            {
                System.IO.File.Delete(local);
            }
        },
        mostBytes);

    public static string Rows(int count, string suffix = "") =>
        "id,text\n" + string.Concat(Enumerable.Range(0, count).Select(id => string.Create(CultureInfo.InvariantCulture, $"{id},row {id} {suffix}\n")));

    public static string Sha256(byte[] content) => $"sha-256=:{Convert.ToBase64String(SHA256.HashData(content))}:";

    public ValueTask DisposeAsync() => Shop.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        Asked.Enqueue($"{request.Method} {request.Headers.Range}".Trim());
        if (Before(context))
        {
            return;
        }

        if (request.Method == "HEAD" && !KnowsHead)
        {
            response.StatusCode = 405;
            return;
        }

        foreach (var (name, value) in Headers)
        {
            response.Headers[name] = value;
        }

        response.Headers.ETag = ETag;
        response.Headers.LastModified = Modified?.ToString("R");
        var (from, to) = KnowsRanges ? Range(request) : (0, Content.Length);
        if (KnowsRanges && request.Headers.Range.Count > 0 && request.Headers.IfRange.ToString() is var condition && (condition.Length == 0 || condition == (ETag ?? Modified?.ToString("R"))))
        {
            response.StatusCode = 206;
            response.Headers.ContentRange = $"bytes {from}-{to - 1}/{Content.Length}";
        }
        else
        {
            (from, to) = (0, Content.Length);
        }

        response.ContentLength = to - from;
        if (request.Method == "GET")
        {
            await SendAsync(context, Content.AsMemory(from, to - from), isProbe: to == 1);
        }
    }

    private async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> bytes, bool isProbe)
    {
        if (isProbe || !Breaks.TryDequeue(out var length))
        {
            await context.Response.Body.WriteAsync(bytes);
            return;
        }

        // What is on its way when a connection is reset may be lost.
        await context.Response.Body.WriteAsync(bytes[..length]);
        await context.Response.Body.FlushAsync();
        await Task.Delay(50);
        context.Abort();
    }

    private (int From, int To) Range(HttpRequest request)
    {
        if (request.GetTypedHeaders().Range?.Ranges.Single() is not { } range)
        {
            return (0, Content.Length);
        }

        return ((int)(range.From ?? 0), (int)(range.To + 1 ?? Content.Length));
    }
}
