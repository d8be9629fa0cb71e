using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Running;
using Microsoft.DurableTask.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Engine;

/// <summary>A task hub: runs orchestrations and activities from their history in Azure Tables, as long as it owns the hub's lease.</summary>
internal sealed class DurableTaskHub : IHostedService, IAsyncDisposable
{
    private readonly DurableTaskHubOptions options;
    private readonly IDurableFunctionInvoker invoker;
    private readonly IHubStore store;
    private readonly InstanceSignals signals = new();
    private readonly ILoggerFactory loggers;
    private readonly ILogger logger;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();
    private HubSession? session;
    private Task? running;

    public DurableTaskHub(DurableTaskHubOptions options, IDurableFunctionInvoker invoker, ILoggerFactory loggers, TimeProvider time)
        : this(options, invoker, loggers, time, new TableHubStore(options.ConnectionString, options.HubName))
    {
    }

    public DurableTaskHub(DurableTaskHubOptions options, IDurableFunctionInvoker invoker, ILoggerFactory loggers, TimeProvider time, IHubStore store)
    {
        this.options = options;
        this.invoker = invoker;
        this.loggers = loggers;
        this.time = time;
        this.store = store;
        logger = loggers.CreateLogger("Microsoft.DurableTask.Hub");
        Client = new HubClient(options, store, signals, () => Volatile.Read(ref session), time);
    }

    /// <summary>Starts, queries and steers instances; works before the hub is started and while another process owns it, too.</summary>
    public DurableTaskClient Client { get; }

    /// <summary>Begins to wait for the lease and, once it is had, to work. Returns at once.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        running = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Lets running activities end within the stop timeout, then releases the lease.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await (running ?? Task.CompletedTask).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await OwnAsync(new HubOwnership(store, options.LeaseDuration, options.PollInterval, time));
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                logger.LogError(error, "Task hub {Hub} could not be worked on; it tries again.", options.HubName);
                await Task.WhenAny(Task.Delay(options.PollInterval, time, stopping.Token));
            }
        }
    }

    private async Task OwnAsync(HubOwnership ownership)
    {
        HubLease? lease = await ownership.AcquireAsync(stopping.Token);
        logger.LogInformation("Task hub {Hub} is worked on by this process (epoch {Epoch}).", options.HubName, lease.Epoch);
        using var halt = new CancellationTokenSource();
        var mine = new HubSession(options, invoker, store, signals, loggers, time, ownership, halt.Token);
        var work = mine.RunAsync();
        Volatile.Write(ref session, mine);
        try
        {
            lease = await ownership.KeepAsync(lease, stopping.Token);
            Volatile.Write(ref session, null);
            await (lease is null ? Task.CompletedTask : mine.StopAsync());
        }
        finally
        {
            Volatile.Write(ref session, null);
            await halt.CancelAsync();
            await mine.DisposeAsync();
        }

        await work;
        if (lease is null)
        {
            logger.LogWarning("Task hub {Hub} was taken over by another process.", options.HubName);
        }
        else
        {
            await ownership.ReleaseAsync(lease, CancellationToken.None);
        }
    }
}
