using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Running;

/// <summary>The first state of an instance.</summary>
internal static class NewInstance
{
    public static InstanceRecord Of(string instanceId, string name, string version, string? input, DateTimeOffset now) => new()
    {
        InstanceId = instanceId,
        Name = name,
        Version = version,
        Input = input,
        ExecutionId = Guid.NewGuid().ToString("N"),
        Status = OrchestrationRuntimeStatus.Pending,
        CreatedAt = now,
        LastUpdatedAt = now,
    };

    public static HistoryEvent Start(InstanceRecord instance) => new()
    {
        Kind = HistoryEventKind.ExecutionStarted,
        Name = instance.Name,
        Data = instance.Input,
        Time = instance.StartAt is { } start && start > instance.CreatedAt ? start.UtcDateTime : instance.CreatedAt.UtcDateTime,
    };

    /// <summary>As the Functions host has it: 1 to 100 characters, no leading @, none that a table's key forbids.</summary>
    /// <exception cref="ArgumentException">The id is not such.</exception>
    public static void EnsureId(string instanceId)
    {
        if (instanceId.Length is 0 or > 100 || instanceId[0] == '@' || instanceId.AsSpan().ContainsAny("/\\#?") || instanceId.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"'{instanceId}' is not an instance ID: it must have 1 to 100 characters, not begin with @, and not contain /, \\, #, ? or control characters.", nameof(instanceId));
        }
    }
}
