using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>The app as a host: finds the functions, starts what calls them, listens last.</summary>
internal sealed class FunctionsHost(WebApplication app, HostSettings settings, bool aspNetCore) : IHost, IAsyncDisposable
{
    public IServiceProvider Services => app.Services;

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await StartOrThrowAsync(cancellationToken);
        }
        catch (FunctionsHostException e) when (settings.OwnsProcess)
        {
            // Run() returns at once, and the process ends with this code, without a stack trace that would bury the sentence.
            await Console.Error.WriteLineAsync(e.Message);
            Environment.ExitCode = 1;
            app.Lifetime.StopApplication();
        }
    }

    public Task StopAsync(CancellationToken cancellationToken = default) => app.StopAsync(cancellationToken);

    public void Dispose() => ((IDisposable)app).Dispose();

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task StartOrThrowAsync(CancellationToken cancellationToken)
    {
        var catalog = Services.GetRequiredService<FunctionCatalog>();
        catalog.Load();
        HttpTriggers.Map(app, catalog, aspNetCore);

        // Kestrel binds after everything else has started; a port that is taken should stop the start before a task hub is claimed.
        var endpoint = Services.GetRequiredService<FunctionsEndpoint>();
        ThrowIfTaken(endpoint.ConfiguredPort);
        await app.StartAsync(cancellationToken);
        endpoint.Url = new Uri(app.Urls.Single());
        List(catalog, endpoint);
    }

    private static void ThrowIfTaken(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
        catch (SocketException e)
        {
            throw new FunctionsHostException(
                $"Port {port} is unavailable ({e.Message}). Close the process using that port, or specify another port with --port.", e);
        }
    }

    private void List(FunctionCatalog catalog, FunctionsEndpoint endpoint)
    {
        var log = Services.GetRequiredService<ILoggerFactory>().CreateLogger("Host");
        log.Functions();
        var prefix = Services.GetRequiredService<HostJson>().RoutePrefix;
        foreach (var function in catalog.All)
        {
            if (function.Trigger is HttpTriggerAttribute http)
            {
                var methods = http.Methods is { Length: > 0 } named ? string.Join(',', named).ToUpperInvariant() : "ANY";
                log.HttpFunction(function.Name, methods, endpoint.Url + HttpTriggers.Route(prefix, function, http));
            }
            else
            {
                log.Function(function.Name, Binding.TypeOf(function.Trigger));
            }
        }

        foreach (var name in catalog.Disabled)
        {
            log.Disabled(name);
        }

        log.Listening(endpoint.Url.ToString());
    }
}
