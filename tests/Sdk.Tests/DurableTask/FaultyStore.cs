using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Storage;

namespace Pipeline.Sdk.Tests.DurableTask;

/// <summary>A hub's store that dies at its k-th write, before or after that write is done, or hangs when the lease is renewed.</summary>
internal sealed class FaultyStore(IHubStore inner, int dieAt = int.MaxValue, bool afterwards = false) : IHubStore
{
    private readonly TaskCompletionSource dead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int writes;
    private int refused;

    /// <summary>Ends when the store has died.</summary>
    public Task Died => dead.Task;

    /// <summary>True: the lease is not renewed any more, as in a paused process.</summary>
    public bool IsLeasePaused { get; set; }

    /// <summary>How many appends were refused because somebody else had changed the instance.</summary>
    public int Refused => refused;

    public Task<InstanceRecord?> FindAsync(string instanceId, bool withPayloads, CancellationToken cancellationToken) =>
        Alive().FindAsync(instanceId, withPayloads, cancellationToken);

    public Task<IReadOnlyList<HistoryEvent>> ReadHistoryAsync(InstanceRecord instance, CancellationToken cancellationToken) =>
        Alive().ReadHistoryAsync(instance, cancellationToken);

    public IAsyncEnumerable<InstanceRecord> ReadUnfinishedAsync(CancellationToken cancellationToken) => Alive().ReadUnfinishedAsync(cancellationToken);

    public Task<(IReadOnlyList<InstanceRecord> Instances, string? ContinuationToken)> QueryAsync(
        InstanceFilter filter, string? continuationToken, int pageSize, CancellationToken cancellationToken) =>
        Alive().QueryAsync(filter, continuationToken, pageSize, cancellationToken);

    public async Task<InstanceRecord> AppendAsync(InstanceRecord instance, IReadOnlyList<HistoryEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteAsync(() => inner.AppendAsync(instance, events, cancellationToken));
        }
        catch (StaleInstanceException)
        {
            Interlocked.Increment(ref refused);
            throw;
        }
    }

    public Task TrimAsync(InstanceRecord instance, CancellationToken cancellationToken) => WriteAsync(() => inner.TrimAsync(instance, cancellationToken));

    public Task<bool> PurgeAsync(InstanceRecord instance, CancellationToken cancellationToken) => WriteAsync(() => inner.PurgeAsync(instance, cancellationToken));

    public Task PutMessageAsync(HubMessage message, CancellationToken cancellationToken) => WriteAsync(() => inner.PutMessageAsync(message, cancellationToken));

    public Task<IReadOnlyList<HubMessage>> ReadMessagesAsync(CancellationToken cancellationToken) => Alive().ReadMessagesAsync(cancellationToken);

    public Task DeleteMessagesAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken) =>
        WriteAsync(() => inner.DeleteMessagesAsync(ids, cancellationToken));

    public Task<HubLease?> ReadLeaseAsync(CancellationToken cancellationToken) => Alive().ReadLeaseAsync(cancellationToken);

    public async Task<HubLease?> TryWriteLeaseAsync(HubLease lease, CancellationToken cancellationToken)
    {
        while (IsLeasePaused && !dead.Task.IsCompleted)
        {
            await Task.Delay(10, cancellationToken);
        }

        return await Alive().TryWriteLeaseAsync(lease, cancellationToken);
    }

    /// <summary>Ends a pause for good.</summary>
    public void Die() => dead.TrySetResult();

    private IHubStore Alive() => dead.Task.IsCompleted ? throw new IOException("The process is dead.") : inner;

    private Task<bool> WriteAsync(Func<Task> write) => WriteAsync(async () =>
    {
        await write();
        return true;
    });

    private async Task<T> WriteAsync<T>(Func<Task<T>> write)
    {
        Alive();
        if (Interlocked.Increment(ref writes) != dieAt)
        {
            return await write();
        }

        if (afterwards)
        {
            await write();
        }

        dead.TrySetResult();
        throw new IOException("The process is dead.");
    }
}
