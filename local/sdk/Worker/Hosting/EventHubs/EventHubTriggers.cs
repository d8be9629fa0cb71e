using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Local.Kafka;

namespace Microsoft.Azure.Functions.Worker.Hosting.EventHubs;

/// <summary>Runs the functions with an Event Hubs trigger, each with a consumer of its own.</summary>
internal sealed class EventHubTriggers(
    FunctionCatalog catalog, RetriedRunner runner, HostJson hostJson, IConfiguration settings, TimeProvider time, ILoggerFactory loggers) : IHostedService, IDisposable
{
    private const string DefaultConsumerGroup = "$Default";
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var options = EventHubOptions.Read(hostJson.EventHubs);
        var listeners = catalog.With<EventHubTriggerAttribute>().Select(found => Listener(found.Function, found.Trigger, options)).ToList();
        running = Task.WhenAll(listeners.Select(listener => listener.RunAsync(stopping.Token)));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => stopping.Dispose();

    private EventHubListener Listener(DiscoveredFunction function, EventHubTriggerAttribute trigger, EventHubOptions options)
    {
        var where = $"Function '{function.Name}'";
        var name = trigger.Connection is { Length: > 0 } named ? named
            : throw new FunctionsHostException($"{where}: its EventHubTrigger has no Connection. Give it the name of the setting that holds the connection string.");
        var connection = settings[name.Replace("__", ":", StringComparison.Ordinal)] is { Length: > 0 } text
            ? Parse(text, $"{where}: the setting {name}")
            : throw new FunctionsHostException(
                $"{where}: the setting {name} is not set. Set it in local.settings.json or the environment to the connection string of the event hubs, "
                + $"or set AzureWebJobs.{function.Name}.Disabled to true to start without this function.");
        var subscription = new Subscription(
            Setting.Resolve(trigger.EventHubName, settings, where), Setting.Resolve(trigger.ConsumerGroup ?? DefaultConsumerGroup, settings, where));
        return new(function, subscription, connection, options, runner, time, loggers.CreateLogger("Host.EventHubs"));
    }

    private static BrokerConnection Parse(string text, string where)
    {
        try
        {
            return BrokerConnection.Parse(text, where);
        }
        catch (FormatException error)
        {
            throw new FunctionsHostException(error.Message, error);
        }
    }
}
