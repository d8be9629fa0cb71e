using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Pipeline.Sdk.Tests.Worker;

/// <summary>A functions app inside the test process, on a free port, with a folder of its own for host.json and local.settings.json.</summary>
internal sealed class RunningApp : IAsyncDisposable
{
    private readonly IHost host;
    private readonly string folder;

    private RunningApp(IHost host, string folder, RecordedLog log)
    {
        this.host = host;
        this.folder = folder;
        Log = log;
        Client = new HttpClient { BaseAddress = host.Services.GetRequiredService<FunctionsEndpoint>().Url };
    }

    public HttpClient Client { get; }

    public RecordedLog Log { get; }

    public IServiceProvider Services => host.Services;

    public static async Task<RunningApp> StartAsync(
        Type[] functions, Action<FunctionsApplicationBuilder>? configure = null, string? hostJson = null, string? localSettings = null, string[]? args = null)
    {
        var folder = Directory.CreateTempSubdirectory("functions-app-").FullName;
        await WriteAsync(folder, "host.json", hostJson ?? """{ "version": "2.0" }""");
        await WriteAsync(folder, "local.settings.json", localSettings);
        var log = new RecordedLog();
        var builder = new FunctionsApplicationBuilder(args ?? ["--port", "0"], new HostSettings
        {
            Types = functions,
            ApplicationName = typeof(RunningApp).Assembly.GetName().Name ?? "",
            ScriptRoot = folder,
            OwnsProcess = false,
        });
        builder.Logging.ClearProviders().AddProvider(log);
        builder.ConfigureFunctionsWebApplication();
        configure?.Invoke(builder);
        var host = builder.Build();
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            host.Dispose();
            throw;
        }

        return new(host, folder, log);
    }

    public Task StopAsync() => host.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task WriteAsync(string folder, string name, string? content)
    {
        if (content is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, name), content, TestContext.Current.CancellationToken);
        }
    }
}
