using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Engine.History;

/// <summary>The head of an instance: what a query shows, where its history is, and the ETag that every append must present.</summary>
internal sealed record InstanceRecord
{
    public required string InstanceId { get; init; }

    public required string Name { get; init; }

    public string Version { get; init; } = "";

    /// <summary>Changes with every start and every ContinueAsNew; results and history rows of another one are leftovers.</summary>
    public required string ExecutionId { get; init; }

    public required OrchestrationRuntimeStatus Status { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset LastUpdatedAt { get; init; }

    public DateTimeOffset? StartAt { get; init; }

    public string? Input { get; init; }

    public string? Output { get; init; }

    public string? CustomStatus { get; init; }

    public TaskFailureDetails? Failure { get; init; }

    public ParentLink? Parent { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>How many rows of the history count; those after them are an append that did not end.</summary>
    public int HistoryRows { get; init; }

    /// <summary>Index of the first event whose message or sub-orchestration may not have gone out; -1: none.</summary>
    public int OutboxFrom { get; init; } = -1;

    /// <summary>Another one with every append: an append whose answer was lost is known by it.</summary>
    public string AppendId { get; init; } = "";

    public string ETag { get; init; } = "";

    public bool IsEnded => Status is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;
}

/// <summary>The call that started a sub-orchestration.</summary>
internal sealed record ParentLink(string InstanceId, string Name, string ExecutionId, int TaskId);
