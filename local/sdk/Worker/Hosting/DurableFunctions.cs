using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>The app's task hub, if it has durable functions, and how the hub calls them.</summary>
internal sealed class DurableFunctions(
    FunctionCatalog catalog,
    FunctionRunner runner,
    FunctionsEndpoint endpoint,
    IServiceScopeFactory scopes,
    HostJson hostJson,
    IConfiguration settings,
    ILoggerFactory loggers,
    TimeProvider time) : IDurableFunctionInvoker, IHostedService, IAsyncDisposable
{
    private DurableTaskHubOptions? options;
    private DurableTaskHub? hub;

    public DurableTaskClient Client => hub is null ? throw NotOpen() : new FunctionsDurableTaskClient(hub.Client, endpoint);

    private DataConverter Converter => options?.DataConverter ?? throw NotOpen();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (catalog.UsesDurableTask)
        {
            options = ReadOptions();
            hub = new DurableTaskHub(options, this, loggers, time);
            await hub.StartAsync(cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => hub?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    // The container knows this object under two names and disposes it twice.
    public async ValueTask DisposeAsync()
    {
        if (hub is not null)
        {
            await hub.DisposeAsync();
            hub = null;
        }
    }

    public bool IsActivity(string name) => catalog.Find<ActivityTriggerAttribute>(name) is not null;

    public bool IsOrchestrator(string name) => catalog.Find<OrchestrationTriggerAttribute>(name) is not null;

    public async Task<string?> RunActivityAsync(string name, string instanceId, string? inputJson, CancellationToken cancellationToken)
    {
        var function = catalog.Find<ActivityTriggerAttribute>(name) ?? throw NotFound("activity", name);
        await using var scope = scopes.CreateAsyncScope();
        var call = new ActivityCall(inputJson, Converter);
        return Converter.Serialize(await runner.RunAsync(new Invocation(function, call, Data(instanceId), scope.ServiceProvider, cancellationToken)));
    }

    // A scope whose orchestrator is dropped while it waits is never disposed; nothing holds it, so it is collected.
    public async Task<string?> RunOrchestratorAsync(string name, TaskOrchestrationContext context, string? inputJson)
    {
        var function = catalog.Find<OrchestrationTriggerAttribute>(name) ?? throw NotFound("orchestrator", name);
        await using var scope = scopes.CreateAsyncScope();
        var call = new OrchestrationCall(context);
        return Converter.Serialize(
            await runner.RunSilentlyAsync(new Invocation(function, call, Data(context.InstanceId), scope.ServiceProvider, CancellationToken.None)));
    }

    private static InvalidOperationException NotOpen() => new("The task hub is not open: the host has not started yet, or the app has no durable function.");

    private static InvalidOperationException NotFound(string kind, string name) =>
        new($"The app has no {kind} function named '{name}'.");

    private static Dictionary<string, object?> Data(string instanceId) => new(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = instanceId };

    private static VersionMatch ReadVersionMatch(IConfigurationSection section)
    {
        var text = section["versionMatchStrategy"] ?? nameof(VersionMatch.None);
        if (!Enum.TryParse<VersionMatch>(text, ignoreCase: true, out var match))
        {
            throw new FunctionsHostException($"host.json, extensions.durableTask.versionMatchStrategy is '{text}': expected None, Strict or CurrentOrOlder.");
        }

        var failure = section["versionFailureStrategy"] ?? "Reject";
        return match == VersionMatch.None || string.Equals(failure, "Fail", StringComparison.OrdinalIgnoreCase)
            ? match
            : throw new FunctionsHostException($"host.json, extensions.durableTask.versionFailureStrategy is '{failure}': this host offers Fail only, since no other version of the app could take a rejected instance.");
    }

    private DurableTaskHubOptions ReadOptions()
    {
        var section = hostJson.DurableTask;
        var connectionName = section["storageProvider:connectionName"] ?? "AzureWebJobsStorage";
        var connection = settings[connectionName] ?? settings.GetConnectionString(connectionName)
            ?? throw new FunctionsHostException($"{connectionName} is not set. Durable functions keep their state there: set it in local.settings.json or the environment.");
        var defaults = new DurableTaskHubOptions
        {
            HubName = Setting.Resolve(section["hubName"] ?? "TestHubName", settings, "host.json, extensions.durableTask.hubName"),
            ConnectionString = connection,
        };
        return defaults with
        {
            DefaultVersion = section["defaultVersion"] ?? defaults.DefaultVersion,
            VersionMatch = ReadVersionMatch(section),
            MaxConcurrentActivities = section.GetValue("maxConcurrentActivityFunctions", defaults.MaxConcurrentActivities),
            MaxConcurrentOrchestrators = section.GetValue("maxConcurrentOrchestratorFunctions", defaults.MaxConcurrentOrchestrators),
        };
    }
}
