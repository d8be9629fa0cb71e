using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Storage;

namespace Microsoft.DurableTask.Engine;

internal sealed partial class HubClient
{
    private static readonly OrchestrationRuntimeStatus[] EndStatuses =
        [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Terminated];

    public override async Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var found = await store.FindAsync(instanceId, getInputsAndOutputs, cancellation);
        return found is null ? null : Metadata(found, getInputsAndOutputs);
    }

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, instance => instance.Status != OrchestrationRuntimeStatus.Pending, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, instance => instance.IsEnded, getInputsAndOutputs, cancellation);

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        var wanted = new InstanceFilter
        {
            CreatedFrom = query.CreatedFrom,
            CreatedTo = query.CreatedTo,
            Statuses = query.Statuses?.ToList(),
            IdPrefix = query.InstanceIdPrefix,
            WithPayloads = query.FetchInputsAndOutputs,
        };
        return Pageable.Create(async (token, size, cancellation) =>
        {
            var (instances, next) = await store.QueryAsync(wanted, token ?? query.ContinuationToken, size ?? query.PageSize, cancellation);
            return new Page<OrchestrationMetadata>([.. instances.Select(instance => Metadata(instance, query.FetchInputsAndOutputs))], next);
        });
    }

    public override async Task<PurgeResult> PurgeInstanceAsync(
        string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        var found = await store.FindAsync(instanceId, withPayloads: false, cancellation);
        return new PurgeResult(found is null ? 0 : await PurgeAsync(found, options?.Recursive ?? false, cancellation), isComplete: true);
    }

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var begun = time.GetTimestamp();
        var wanted = new InstanceFilter
        {
            CreatedFrom = filter.CreatedFrom,
            CreatedTo = filter.CreatedTo,
            Statuses = [.. filter.Statuses?.Intersect(EndStatuses) ?? EndStatuses],
        };
        var purged = 0;
        if (wanted.Statuses.Count == 0)
        {
            return new PurgeResult(0, isComplete: true);
        }

        await foreach (var instance in AllAsync(wanted, cancellation))
        {
            if (filter.Timeout is { } timeout && time.GetElapsedTime(begun) > timeout)
            {
                return new PurgeResult(purged, isComplete: false);
            }

            purged += await PurgeAsync(instance, options?.Recursive ?? false, cancellation);
        }

        return new PurgeResult(purged, isComplete: true);
    }

    private async Task<int> PurgeAsync(InstanceRecord instance, bool recursive, CancellationToken cancellation)
    {
        if (!instance.IsEnded || instance.OutboxFrom >= 0)
        {
            return 0;
        }

        var children = new List<InstanceRecord>();
        if (recursive)
        {
            await foreach (var child in AllAsync(new InstanceFilter { ParentInstanceId = instance.InstanceId }, cancellation))
            {
                children.Add(child);
            }
        }

        var purged = await store.PurgeAsync(instance, cancellation) ? 1 : 0;
        foreach (var child in children)
        {
            purged += await PurgeAsync(child, recursive, cancellation);
        }

        return purged;
    }

    private async IAsyncEnumerable<InstanceRecord> AllAsync(InstanceFilter filter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var token = default(string); ;)
        {
            var page = await store.QueryAsync(filter, token, OrchestrationQuery.DefaultPageSize, cancellation);
            foreach (var instance in page.Instances)
            {
                yield return instance;
            }

            token = page.ContinuationToken;
            if (token is null)
            {
                yield break;
            }
        }
    }

    private async Task<OrchestrationMetadata> WaitAsync(
        string instanceId, Func<InstanceRecord, bool> reached, bool getInputsAndOutputs, CancellationToken cancellation)
    {
        while (true)
        {
            var change = signals.NextChange(instanceId);
            var found = await store.FindAsync(instanceId, getInputsAndOutputs, cancellation)
                ?? throw new InvalidOperationException($"Orchestration with instanceId '{instanceId}' does not exist.");
            if (reached(found))
            {
                return Metadata(found, getInputsAndOutputs);
            }

            // Another process may work on it: then no signal comes.
            await Task.WhenAny(change, Task.Delay(PollInterval, time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private OrchestrationMetadata Metadata(InstanceRecord instance, bool withPayloads) => new(instance.Name, instance.InstanceId)
    {
        DataConverter = withPayloads ? options.DataConverter : null,
        RuntimeStatus = instance.Status,
        CreatedAt = instance.CreatedAt,
        LastUpdatedAt = instance.LastUpdatedAt,
        SerializedInput = withPayloads ? instance.Input : null,
        SerializedOutput = withPayloads ? instance.Output : null,
        SerializedCustomStatus = withPayloads ? instance.CustomStatus : null,
        Tags = instance.Tags ?? ImmutableDictionary<string, string>.Empty,
        FailureDetails = instance.Failure,
    };
}
