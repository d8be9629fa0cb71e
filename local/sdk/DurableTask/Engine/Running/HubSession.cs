using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Storage;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Engine.Running;

/// <summary>The work of a hub's owner, from the moment it has the lease until it loses or releases it.</summary>
internal sealed class HubSession(
    DurableTaskHubOptions options, IDurableFunctionInvoker invoker, IHubStore store, InstanceSignals signals, ILoggerFactory loggers, TimeProvider time,
    HubOwnership ownership, CancellationToken halt) : IAsyncDisposable
{
    // Instances that another process created and could not announce any more.
    private static readonly TimeSpan Rescan = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, InstanceActor> actors = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> underWay = new(StringComparer.Ordinal);
    private readonly Channel<bool> messagesCame = Channel.CreateBounded<bool>(1);

    public DurableTaskHubOptions Options => options;

    public IDurableFunctionInvoker Invoker => invoker;

    public IHubStore Store => store;

    public InstanceSignals Signals => signals;

    public ILoggerFactory Loggers => loggers;

    public ILogger Logger { get; } = loggers.CreateLogger("Microsoft.DurableTask.Hub");

    public TimeProvider Time => time;

    public SemaphoreSlim Orchestrators { get; } = new(options.MaxConcurrentOrchestrators);

    public ActivityQueue Activities { get; } = new(options.MaxConcurrentActivities, invoker, loggers.CreateLogger("Microsoft.DurableTask.Hub"));

    /// <summary>Loads what is unfinished, then hands messages to their instances until the session ends.</summary>
    public async Task RunAsync()
    {
        var scanned = long.MinValue;
        var first = true;
        while (!halt.IsCancellationRequested)
        {
            try
            {
                if (first || time.GetElapsedTime(scanned) > Rescan)
                {
                    await foreach (var instance in store.ReadUnfinishedAsync(halt))
                    {
                        Find(instance.InstanceId);
                    }

                    scanned = time.GetTimestamp();
                    first = false;
                }

                foreach (var message in await store.ReadMessagesAsync(halt))
                {
                    if (underWay.TryAdd(message.Id, true))
                    {
                        Post(message.InstanceId, new Inbound { Message = message });
                    }
                }

                await messagesCame.Reader.WaitToReadAsync(options.PollInterval, time, halt);
                messagesCame.Reader.TryRead(out _);
            }
            catch (OperationCanceledException) when (halt.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Logger.LogError(error, "Task hub {Hub} could not look for work; it tries again.", options.HubName);
                await Task.WhenAny(Task.Delay(options.PollInterval, time, halt));
            }
        }
    }

    /// <summary>Lets running activities end and instances commit what came in.</summary>
    public async Task StopAsync()
    {
        await Activities.StopAsync(options.StopTimeout, time);
        var live = actors.Values.ToList();
        live.ForEach(actor => actor.Post(new Inbound { IsStop = true }));
        await Task.WhenAny(Task.WhenAll(live.Select(actor => actor.Completion)), Task.Delay(options.StopTimeout, time));
    }

    /// <summary>To be called once the token is cancelled: waits for what still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await Activities.DisposeAsync();
        await Task.WhenAny(Task.WhenAll(actors.Values.Select(actor => actor.Completion)), Task.Delay(options.StopTimeout, time));
    }

    /// <summary>Looks at the messages now, instead of at the next poll.</summary>
    public void LookForMessages() => messagesCame.Writer.TryWrite(true);

    /// <summary>An instance was created, or started anew.</summary>
    public void Wake(string instanceId) => Post(
        instanceId, new Inbound { Message = new HubMessage { Id = "", InstanceId = instanceId, Kind = HubMessageKind.Wake } });

    public void Post(string instanceId, Inbound item)
    {
        while (!halt.IsCancellationRequested && !Find(instanceId).Post(item))
        {
        }
    }

    public void Remove(InstanceActor actor) => actors.TryRemove(KeyValuePair.Create(actor.InstanceId, actor));

    /// <summary>The instance's history holds these messages, or nobody will ever take them.</summary>
    public async Task DoneAsync(IReadOnlyCollection<HubMessage> messages, CancellationToken cancellationToken)
    {
        var ids = messages.Select(m => m.Id).Where(id => id.Length > 0).ToList();
        if (ids.Count > 0)
        {
            await store.DeleteMessagesAsync(ids, cancellationToken);
            ids.ForEach(id => underWay.TryRemove(id, out _));
        }
    }

    /// <summary>Starts a sub-orchestration; if that was done before, only tells its parent what has become of it.</summary>
    public async Task StartChildAsync(HistoryEvent created, ParentLink link, CancellationToken cancellationToken)
    {
        var id = created.InstanceId ?? "";
        var child = NewInstance.Of(id, created.Name ?? "", created.Version ?? "", created.Data, time.GetUtcNow()) with { Parent = link };
        try
        {
            await store.AppendAsync(child, [NewInstance.Start(child)], cancellationToken);
        }
        catch (StaleInstanceException)
        {
            var existing = await store.FindAsync(id, withPayloads: true, cancellationToken);
            if (existing?.Parent == link && existing.IsEnded)
            {
                TellParent(existing);
                return;
            }

            if (existing is { IsEnded: false } && existing.Parent != link)
            {
                var message = $"An orchestration instance with the ID {id} already exists.";
                var failure = Replay.Payload.Failure("DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException", message);
                TellParent(child with { Status = OrchestrationRuntimeStatus.Failed, Failure = failure });
                return;
            }

            if (existing is { IsEnded: true })
            {
                child = await store.AppendAsync(child with { ETag = existing.ETag }, [NewInstance.Start(child)], cancellationToken);
                await store.TrimAsync(child, cancellationToken);
            }
        }

        Wake(id);
    }

    /// <summary>
    /// To be called after an instance was read and before it is written: whoever takes the hub over after this call changes the instance's ETag first.
    /// </summary>
    /// <exception cref="LeaseLostException">Another process owns the hub.</exception>
    public async Task EnsureOwnedAsync(CancellationToken cancellationToken)
    {
        if (!await ownership.IsMineAsync(cancellationToken))
        {
            throw new LeaseLostException(options.HubName);
        }
    }

    public void TellParent(InstanceRecord ended)
    {
        if (ended.Parent is not { ExecutionId.Length: > 0 } parent)
        {
            return;
        }

        var result = new HistoryEvent { Kind = HistoryEventKind.SubOrchestrationCompleted, TaskId = parent.TaskId, Name = ended.Name, Data = ended.Output };
        if (ended.Status != OrchestrationRuntimeStatus.Completed)
        {
            var failure = ended.Failure ?? Replay.Payload.Failure("System.OperationCanceledException", $"Sub-orchestration '{ended.InstanceId}' was terminated.");
            result = result with { Kind = HistoryEventKind.SubOrchestrationFailed, Data = null, Failure = failure };
        }

        Post(parent.InstanceId, new Inbound { ExecutionId = parent.ExecutionId, Event = result });
    }

    private InstanceActor Find(string instanceId)
    {
        while (true)
        {
            if (actors.TryGetValue(instanceId, out var live))
            {
                return live;
            }

            var actor = new InstanceActor(instanceId, this);
            if (actors.TryAdd(instanceId, actor))
            {
                actor.Start(halt);
                return actor;
            }
        }
    }
}
