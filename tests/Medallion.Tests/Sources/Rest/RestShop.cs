using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.Rest;

namespace Pipeline.Medallion.Tests.Sources.Rest;

/// <summary>An HTTP server that answers as a test says, and pipelines that read it as the connection <c>shop</c>.</summary>
internal sealed class RestShop : IAsyncDisposable
{
    private readonly MedallionFixture medallion;
    private readonly WebApplication server;

    private RestShop(MedallionFixture medallion, WebApplication server) => (this.medallion, this.server) = (medallion, server);

    /// <summary>Attempts that follow each other at once.</summary>
    public static RestOptions Quick { get; } = new() { Attempts = 4, FirstDelay = TimeSpan.FromMilliseconds(1), LongestDelay = TimeSpan.FromMilliseconds(2), LongestRetryAfter = TimeSpan.FromSeconds(2) };

    /// <summary>What a request gets.</summary>
    public RequestDelegate Answer { get; set; } = _ => Task.CompletedTask;

    /// <summary>The requests so far, such as <c>/v1/orders?page=1</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public string Url { get; private set; } = "";

    public static async Task<RestShop> StartAsync(MedallionFixture medallion, RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var shop = new RestShop(medallion, builder.Build()) { Answer = answer };
        shop.server.Run(context =>
        {
            shop.Requests.Enqueue($"{context.Request.Path}{context.Request.QueryString}");
            return shop.Answer(context);
        });
        await shop.server.StartAsync(TestContext.Current.CancellationToken);
        shop.Url = shop.server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        return shop;
    }

    /// <summary>An instance of the app that knows the connection.</summary>
    public IServiceProvider Compose(string auth = "Auth=none", RestOptions? options = null, Action<IServiceCollection>? change = null, string? connection = null, TimeProvider? clock = null) =>
        medallion.Compose(clock ?? TimeProvider.System, services =>
        {
            services.AddSingleton(new Connections([KeyValuePair.Create<string, string?>("shop", connection ?? $"Url={Url}/v1;{auth.Replace("{url}", Url, StringComparison.Ordinal)}")]));
            services.AddSingleton(options ?? Quick);
            change?.Invoke(services);
        });

    /// <summary>A pipeline whose only source is <c>orders</c> with these keys.</summary>
    public async Task<TestPipeline> PipelineAsync(string keys, string auth = "Auth=none", RestOptions? options = null) =>
        (await TestPipeline.CreateAsync(medallion, $"sources:\n  orders: {{connector: rest, connection: shop, {keys}}}")).On(Compose(auth, options));

    public static Task JsonAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }

    public static string UrlOf(HttpContext context) => context.Request.GetEncodedUrl();

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await server.StopAsync(now.Token);
        await server.DisposeAsync();
    }
}
