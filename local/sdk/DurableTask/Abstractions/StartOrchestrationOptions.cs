using System.Collections.Immutable;

namespace Microsoft.DurableTask;

/// <summary>How a new instance is started.</summary>
public record StartOrchestrationOptions
{
    /// <summary>Options with an instance id and a time to start at.</summary>
#pragma warning disable CA1707, IDE1006 // The real constructor's parameters have these names.
    public StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null)
#pragma warning restore CA1707, IDE1006
    {
        this.InstanceId = InstanceId;
        this.StartAt = StartAt;
    }

    /// <summary>A copy.</summary>
    public StartOrchestrationOptions(StartOrchestrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        InstanceId = options.InstanceId;
        StartAt = options.StartAt;
        Tags = options.Tags;
        Version = options.Version;
        DedupeStatuses = options.DedupeStatuses;
    }

    /// <summary>The instance's id; null: one is made.</summary>
    public string? InstanceId { get; init; }

    /// <summary>The earliest time to start at; null: at once.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>Tags of the instance.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = ImmutableDictionary.Create<string, string>();

    /// <summary>The instance's version; null: the hub's default.</summary>
    public TaskVersion? Version { get; init; }

    /// <summary>States in which an existing instance of that id is kept and the start refused; null: Pending, Running, Suspended.</summary>
    public IReadOnlyList<string>? DedupeStatuses { get; init; }
}
