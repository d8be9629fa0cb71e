using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Azure.Functions.Worker.Hosting;
using Microsoft.Azure.Functions.Worker.Hosting.EventHubs;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Builder;

public class FunctionsApplicationBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
{
    // The limit of the real host, unless FUNCTIONS_REQUEST_BODY_SIZE_LIMIT says otherwise.
    private const long DefaultBodyBytes = 104_857_600;

    private readonly WebApplicationBuilder app;
    private readonly HostSettings settings;
    private readonly HostJson hostJson;
    private readonly List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware = [];
    private bool aspNetCore;
    private bool built;

    internal FunctionsApplicationBuilder(string[] args)
        : this(args, HostSettings.OfProcess())
    {
    }

    internal FunctionsApplicationBuilder(string[] args, HostSettings settings)
    {
        this.settings = settings;
        var local = LocalSettings.Read(settings.ScriptRoot);
        if (settings.OwnsProcess)
        {
            local.ApplyToEnvironment();
        }

        app = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = settings.ApplicationName,
            ContentRootPath = settings.ScriptRoot,
            EnvironmentName = System.Environment.GetEnvironmentVariable("AZURE_FUNCTIONS_ENVIRONMENT") ?? Environments.Development,
        });
        Configuration
            .AddJsonFile("appsettings.json", optional: true, reloadOnChange: false)
            .AddJsonFile($"appsettings.{Environment.EnvironmentName}.json", optional: true, reloadOnChange: false)
            .AddInMemoryCollection(local.AsConfiguration())
            .AddEnvironmentVariables()
            .AddCommandLine(args);
        hostJson = HostJson.Read(settings.ScriptRoot, Configuration);
        AddHost(FunctionsEndpoint.Port(args, local.Port));
    }

    public IDictionary<object, object> Properties => ((IHostApplicationBuilder)app).Properties;

    IConfigurationManager IHostApplicationBuilder.Configuration => Configuration;

    public ConfigurationManager Configuration => app.Configuration;

    public IHostEnvironment Environment => app.Environment;

    public ILoggingBuilder Logging => app.Logging;

    public IMetricsBuilder Metrics => app.Metrics;

    public IServiceCollection Services => app.Services;

    public void ConfigureContainer<TContainerBuilder>(IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull => ((IHostApplicationBuilder)app).ConfigureContainer(factory, configure);

    public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
    {
        ThrowIfBuilt();
        this.middleware.Add(middleware);
        return this;
    }

    public IHost Build()
    {
        ThrowIfBuilt();
        built = true;

        // Last of all, so that what the app's own hosted services prepare is there before the first function runs.
        Services.AddHostedService(services => services.GetRequiredService<DurableFunctions>());
        Services.AddHostedService<TimerTriggers>();
        Services.AddHostedService<EventHubTriggers>();
        return new FunctionsHost(app.Build(), settings, aspNetCore);
    }

    internal void UseAspNetCore()
    {
        if (!aspNetCore)
        {
            aspNetCore = true;
            Services.AddMvcCore();
            Use(HttpResults.Middleware);
        }
    }

    private void ThrowIfBuilt()
    {
        if (built)
        {
            throw new InvalidOperationException("The application has already been built.");
        }
    }

    private void AddHost(int port)
    {
        app.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Configuration.GetValue<long?>("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT") ?? DefaultBodyBytes;
        });
        app.Host.UseDefaultServiceProvider((context, provider) =>
            provider.ValidateScopes = provider.ValidateOnBuild = context.HostingEnvironment.IsDevelopment());

        Logging.AddSimpleConsole(console => console.SingleLine = true)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddConfiguration(hostJson.Logging)
            .AddConfiguration(Configuration.GetSection("Logging"));

        Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = TimeSpan.FromSeconds(10);
            // A request that does not end must not keep the task hub from giving up its lease.
            host.ServicesStopConcurrently = true;
        });
        Services.AddRouting();
        Services.TryAddSingleton(TimeProvider.System);
        Services.AddSingleton(hostJson);
        Services.AddSingleton(new FunctionsEndpoint(port));
        Services.AddSingleton(services => new FunctionCatalog(settings.Types, services.GetRequiredService<IConfiguration>()));
        Services.AddSingleton(services => new FunctionRunner(middleware, services.GetRequiredService<ILoggerFactory>()));
        Services.AddSingleton<RetriedRunner>();
        Services.AddSingleton<DurableFunctions>();
        Services.AddSignalRService();
    }
}
