using System.Text.Json.Serialization;

namespace Microsoft.DurableTask.Engine.History;

/// <summary>What happened to an instance, or what its orchestrator decided.</summary>
internal enum HistoryEventKind
{
    ExecutionStarted,
    TaskScheduled,
    TaskCompleted,
    TaskFailed,
    SubOrchestrationCreated,
    SubOrchestrationCompleted,
    SubOrchestrationFailed,
    TimerCreated,
    TimerFired,
    EventRaised,
    EventSent,
    Suspended,
    Resumed,
    TurnEnded,
    ExecutionCompleted,
}

/// <summary>One event of an instance's history. Which properties are set depends on the kind.</summary>
internal sealed record HistoryEvent
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required HistoryEventKind Kind { get; init; }

    /// <summary>The orchestrator's time from this event on; only of what came from outside.</summary>
    public DateTime Time { get; init; }

    /// <summary>Number of the decision within the execution; a completion has that of its decision.</summary>
    public int TaskId { get; init; }

    /// <summary>Name of the activity, orchestrator or event.</summary>
    public string? Name { get; init; }

    /// <summary>Input, result or payload as JSON.</summary>
    public string? Data { get; init; }

    /// <summary>When a timer fires.</summary>
    public DateTime FireAt { get; init; }

    /// <summary>The sub-orchestration, or the receiver of an event.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Version of a sub-orchestration.</summary>
    public string? Version { get; init; }

    /// <summary>The failure of a task.</summary>
    public TaskFailureDetails? Failure { get; init; }

    /// <summary>A failure that no retry can mend: the function does not exist, the payload is too large.</summary>
    public bool IsFinal { get; init; }

    /// <summary>The message that brought this event, or brings it to its receiver: it counts once, however often it arrives.</summary>
    public string? MessageId { get; init; }

    /// <summary>Messages that the previous execution took in its last turn.</summary>
    public IReadOnlyList<string>? Consumed { get; init; }

    /// <summary>True for what the orchestrator decides, in contrast to what comes from outside.</summary>
    [JsonIgnore]
    public bool IsDecision => Kind is HistoryEventKind.TaskScheduled or HistoryEventKind.SubOrchestrationCreated
        or HistoryEventKind.TimerCreated or HistoryEventKind.EventSent;

    /// <summary>True for the end of a task.</summary>
    [JsonIgnore]
    public bool IsCompletion => Kind is HistoryEventKind.TaskCompleted or HistoryEventKind.TaskFailed or HistoryEventKind.TimerFired
        or HistoryEventKind.SubOrchestrationCompleted or HistoryEventKind.SubOrchestrationFailed;

    /// <summary>The decision in words, for an error message.</summary>
    public string Describe() => Kind switch
    {
        HistoryEventKind.TaskScheduled => $"activity '{Name}' (#{TaskId})",
        HistoryEventKind.SubOrchestrationCreated => $"sub-orchestration '{Name}' (#{TaskId})",
        HistoryEventKind.TimerCreated => $"a timer (#{TaskId})",
        HistoryEventKind.EventSent => $"event '{Name}' to '{InstanceId}' (#{TaskId})",
        _ => $"{Kind} (#{TaskId})",
    };
}
