using DurableTask.Core.Exceptions;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Replay;
using Microsoft.DurableTask.Engine.Running;
using Microsoft.DurableTask.Engine.Storage;

namespace Microsoft.DurableTask.Engine;

/// <summary>The client of a hub. It writes to the hub's tables, whichever process owns the hub, and tells the owner.</summary>
internal sealed partial class HubClient(DurableTaskHubOptions options, IHubStore store, InstanceSignals signals, Func<HubSession?> session, TimeProvider time)
    : DurableTaskClient(options.HubName)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);
    private static readonly string[] DefaultDedupe = ["Pending", "Running", "Suspended"];

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        var id = options?.InstanceId ?? Guid.NewGuid().ToString("N");
        NewInstance.EnsureId(id);
        var json = Serialize(input, $"input of orchestrator '{orchestratorName}'");
        var instance = NewInstance.Of(id, orchestratorName.Name, options?.Version?.Version ?? Settings.DefaultVersion, json, time.GetUtcNow()) with
        {
            StartAt = options?.StartAt,
            Tags = options?.Tags,
        };
        await CreateAsync(instance, options?.DedupeStatuses ?? DefaultDedupe, cancellation);
        if (session() is { } owner)
        {
            owner.Wake(id);
        }
        else
        {
            await SendAsync(id, HubMessageKind.Wake, null, null, false, cancellation);
        }

        return id;
    }

    public override async Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var json = Serialize(eventPayload, $"payload of event '{eventName}'");
        await EnsureExistsAsync(instanceId, cancellation);
        await SendAsync(instanceId, HubMessageKind.RaiseEvent, eventName, json, false, cancellation);
    }

    public override async Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        var json = Serialize(options?.Output, "output");
        await EnsureExistsAsync(instanceId, cancellation);
        await SendAsync(instanceId, HubMessageKind.Terminate, null, json, options?.Recursive ?? false, cancellation);
    }

    public override async Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
    {
        await EnsureExistsAsync(instanceId, cancellation);
        await SendAsync(instanceId, HubMessageKind.Suspend, reason, null, false, cancellation);
    }

    public override async Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
    {
        await EnsureExistsAsync(instanceId, cancellation);
        await SendAsync(instanceId, HubMessageKind.Resume, reason, null, false, cancellation);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private DurableTaskHubOptions Settings => options;

    private async Task CreateAsync(InstanceRecord instance, IReadOnlyList<string> dedupe, CancellationToken cancellation)
    {
        var kept = dedupe.Select(status => Enum.TryParse<OrchestrationRuntimeStatus>(status, ignoreCase: true, out var parsed)
            ? parsed
            : throw new ArgumentException($"'{status}' is not an orchestration status.", nameof(dedupe))).ToHashSet();
        while (true)
        {
            try
            {
                var created = await store.AppendAsync(instance, [NewInstance.Start(instance)], cancellation);
                if (instance.ETag.Length > 0)
                {
                    await store.TrimAsync(created, cancellation);
                }

                return;
            }
            catch (StaleInstanceException)
            {
                var existing = await store.FindAsync(instance.InstanceId, withPayloads: false, cancellation);
                if (existing is not null && kept.Contains(existing.Status))
                {
                    throw new OrchestrationAlreadyExistsException(
                        $"An orchestration instance with the ID {instance.InstanceId} already exists, with the status {existing.Status}.");
                }

                instance = instance with { ETag = existing?.ETag ?? "" };
            }
        }
    }

    private async Task EnsureExistsAsync(string instanceId, CancellationToken cancellation)
    {
        NewInstance.EnsureId(instanceId);
        if (await store.FindAsync(instanceId, withPayloads: false, cancellation) is null)
        {
            throw new ArgumentException($"No instance with ID '{instanceId}' was found.", nameof(instanceId));
        }
    }

    private async Task SendAsync(string instanceId, HubMessageKind kind, string? name, string? data, bool recursive, CancellationToken cancellation)
    {
        var message = new HubMessage
        {
            Id = MessageIds.New(time.GetUtcNow()),
            InstanceId = instanceId,
            Kind = kind,
            Name = name,
            Data = data,
            Recursive = recursive,
        };
        await store.PutMessageAsync(message, cancellation);
        session()?.LookForMessages();
    }

    private string? Serialize(object? value, string what)
    {
        var json = options.DataConverter.Serialize(value);
        return Payload.Excess(json, what) is { } excess ? throw new ArgumentException(excess, nameof(value)) : json;
    }
}
