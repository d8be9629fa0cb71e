using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Storage;

/// <summary>Where a hub keeps its instances, its messages and its lease.</summary>
internal interface IHubStore
{
    /// <summary>An instance's head, or null. A long input or output is missing unless asked for.</summary>
    Task<InstanceRecord?> FindAsync(string instanceId, bool withPayloads, CancellationToken cancellationToken);

    /// <summary>The events that the head counts.</summary>
    Task<IReadOnlyList<HistoryEvent>> ReadHistoryAsync(InstanceRecord instance, CancellationToken cancellationToken);

    /// <summary>Instances that have not ended, or have something left to send.</summary>
    IAsyncEnumerable<InstanceRecord> ReadUnfinishedAsync(CancellationToken cancellationToken);

    /// <summary>One page of a query.</summary>
    Task<(IReadOnlyList<InstanceRecord> Instances, string? ContinuationToken)> QueryAsync(
        InstanceFilter filter, string? continuationToken, int pageSize, CancellationToken cancellationToken);

    /// <summary>Writes head and events as one: a new instance if the head has no ETag, otherwise the next state of that very one.</summary>
    /// <returns>The head as stored, with its new ETag.</returns>
    /// <exception cref="StaleInstanceException">The instance exists, is gone, or is not the one of that ETag.</exception>
    Task<InstanceRecord> AppendAsync(InstanceRecord instance, IReadOnlyList<HistoryEvent> events, CancellationToken cancellationToken);

    /// <summary>Removes the history of earlier executions.</summary>
    Task TrimAsync(InstanceRecord instance, CancellationToken cancellationToken);

    /// <summary>Removes an instance.</summary>
    /// <returns>False if it is not the one of that ETag any more.</returns>
    Task<bool> PurgeAsync(InstanceRecord instance, CancellationToken cancellationToken);

    /// <summary>Stores a message; storing it again changes nothing.</summary>
    Task PutMessageAsync(HubMessage message, CancellationToken cancellationToken);

    /// <summary>All messages, by id.</summary>
    Task<IReadOnlyList<HubMessage>> ReadMessagesAsync(CancellationToken cancellationToken);

    /// <summary>Removes messages; those already gone do not matter.</summary>
    Task DeleteMessagesAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken);

    /// <summary>The lease, or null if there never was one.</summary>
    Task<HubLease?> ReadLeaseAsync(CancellationToken cancellationToken);

    /// <summary>Writes the lease if it still has the ETag it was read with (none: if there is none).</summary>
    /// <returns>The lease as stored, or null if somebody else was faster.</returns>
    Task<HubLease?> TryWriteLeaseAsync(HubLease lease, CancellationToken cancellationToken);
}

/// <summary>Which instances a query wants; null: any.</summary>
internal sealed record InstanceFilter
{
    public DateTimeOffset? CreatedFrom { get; init; }

    public DateTimeOffset? CreatedTo { get; init; }

    public IReadOnlyList<Client.OrchestrationRuntimeStatus>? Statuses { get; init; }

    public string? IdPrefix { get; init; }

    public string? ParentInstanceId { get; init; }

    public bool WithPayloads { get; init; }
}

/// <summary>The instance was changed by somebody else since it was read.</summary>
internal sealed class StaleInstanceException(string instanceId, Exception? cause = null)
    : Exception($"Instance '{instanceId}' was changed by another process or another start.", cause);
