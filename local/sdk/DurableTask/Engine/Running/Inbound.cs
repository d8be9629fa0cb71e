using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Running;

/// <summary>Something that comes to a running instance. One of the properties says what.</summary>
internal sealed record Inbound
{
    /// <summary>The execution it is for; null: whichever is running.</summary>
    public string? ExecutionId { get; init; }

    /// <summary>A task ended, a timer fired.</summary>
    public HistoryEvent? Event { get; init; }

    /// <summary>A message of a client or of another instance.</summary>
    public HubMessage? Message { get; init; }

    /// <summary>The orchestrator ran outside its turn.</summary>
    public bool IsViolation { get; init; }

    /// <summary>The hub stops: commit what came before and end.</summary>
    public bool IsStop { get; init; }
}
