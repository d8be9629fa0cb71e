using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Local.Emulators;

namespace Pipeline.Faults.Storage;

/// <summary>
/// An HTTP proxy in front of the storage emulator's blobs and tables. Requests pass as they were sent, so that their signatures hold;
/// writes are numbered, and faults are put in before a request goes on or before its answer goes back. A write goes on whole or not at all.
/// </summary>
public sealed class StorageProxy : IAsyncDisposable
{
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase) { "Connection", "Keep-Alive", "Transfer-Encoding", "Host", "Upgrade", "Proxy-Connection" };
    private static readonly UriCreationOptions AsSent = new() { DangerousDisablePathAndQueryCanonicalization = true };
    private readonly WebApplication server;
    private readonly Azurite storage;
    private readonly HttpMessageInvoker upstream = new(new SocketsHttpHandler
    {
        UseCookies = false,
        UseProxy = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
    });

    private StorageFaults faults = StorageFaults.None;
    private long writes;
    private int blobPort;
    private int tablePort;

    private StorageProxy(WebApplication server, Azurite storage) => (this.server, this.storage) = (server, storage);

    /// <summary>How many writes were asked for since faults were last armed.</summary>
    public long Writes => Interlocked.Read(ref writes);

    /// <summary>Starts a proxy on free ports.</summary>
    public static async Task<StorageProxy> StartAsync(Azurite storage, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var proxy = new StorageProxy(builder.Build(), storage);
        proxy.server.Run(proxy.PassAsync);
        await proxy.server.StartAsync(cancellationToken);
        var ports = proxy.server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(address => new Uri(address).Port).ToList();
        (proxy.blobPort, proxy.tablePort) = (ports[0], ports[1]);
        return proxy;
    }

    /// <summary>A connection string that leads through the proxy. Queues, which nothing uses, are left out of the game.</summary>
    public string ConnectionString(string account = Azurite.AccountName) => Azurite.ConnectionStringFor(blobPort, storage.BlobPort + 1, tablePort, account);

    /// <summary>From now on these faults are put in; writes are counted anew.</summary>
    public void Arm(StorageFaults next)
    {
        Interlocked.Exchange(ref writes, 0);
        Volatile.Write(ref faults, next);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await server.StopAsync(now.Token);
        await server.DisposeAsync();
        upstream.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        try
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            var request = Describe(context);
            var armed = Volatile.Read(ref faults);
            if (!await PutInAsync(context, await armed.BeforeAsync(request)))
            {
                return;
            }

            using var message = Copy(context, request, body.ToArray());
            using var answer = await upstream.SendAsync(message, request.IsWrite ? CancellationToken.None : context.RequestAborted);
            if (await PutInAsync(context, await armed.AfterAsync(request, (int)answer.StatusCode)))
            {
                await AnswerAsync(context, answer);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or HttpRequestException)
        {
            // The client is gone, or storage is.
            context.Abort();
        }
    }

    private StorageRequest Describe(HttpContext context)
    {
        var request = new StorageRequest
        {
            Endpoint = context.Connection.LocalPort == blobPort ? StorageEndpoint.Blobs : StorageEndpoint.Tables,
            Method = context.Request.Method,
            Target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            IfAbsent = context.Request.Headers.IfNoneMatch == "*",
            IfUnchanged = context.Request.Headers.IfMatch.Count > 0 && context.Request.Headers.IfMatch != "*",
        };
        return request.IsWrite ? request with { WriteNumber = Interlocked.Increment(ref writes) } : request;
    }

    private static async Task<bool> PutInAsync(HttpContext context, Fault fault)
    {
        switch (fault)
        {
            case Fault.Cut:
                context.Abort();
                return false;
            case Fault.None:
                return true;
            default:
                await StorageErrors.AnswerAsync(context, fault);
                return false;
        }
    }

    private HttpRequestMessage Copy(HttpContext context, StorageRequest request, byte[] body)
    {
        var port = storage.BlobPort + (int)request.Endpoint;
        var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri($"http://127.0.0.1:{port}{request.Target}", AsSent)) { Version = HttpVersion.Version11 };
        message.Headers.Host = context.Request.Host.Value;
        if (body.Length > 0 || context.Request.ContentLength is not null)
        {
            message.Content = new ByteArrayContent(body);
        }

        foreach (var (name, values) in context.Request.Headers.Where(h => !HopByHop.Contains(h.Key)))
        {
            if (!message.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                message.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        return message;
    }

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage answer)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => !HopByHop.Contains(h.Key)))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        if (context.Request.Method != "HEAD" && answer.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotModified))
        {
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }
}
