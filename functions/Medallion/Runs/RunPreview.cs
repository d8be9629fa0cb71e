using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>What a run would do, found out without doing any of it.</summary>
public sealed record RunPreview
{
    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Hash of the definition that the run would work by.</summary>
    public required string Definition { get; init; }

    /// <summary>The steps, in an order in which every step follows its inputs.</summary>
    public required IReadOnlyList<StepPreview> Steps { get; init; }
}

/// <summary>What a run would do for a step.</summary>
public sealed record StepPreview
{
    /// <summary>The table that the step makes; the step's name.</summary>
    public required TableKey Name { get; init; }

    /// <summary>What kind of work it is.</summary>
    public required StepKind Kind { get; init; }

    /// <summary>What would be done.</summary>
    public required StepAction Action { get; init; }

    /// <summary>Why, in words.</summary>
    public required string Why { get; init; }

    /// <summary>What would be read; null where a step before it decides that.</summary>
    public StepReads? Reads { get; init; }

    internal static StepPreview Of(PlannedStep step) => new()
    {
        Name = step.Table,
        Kind = step.Kind,
        Action = step.Unchanged ? StepAction.None : step.Backfill is not null ? StepAction.Backfill : step.Rebuild ? StepAction.Rebuild : step.Reads is null ? StepAction.Depends : StepAction.Update,
        Why = step.Why ?? "",
        Reads = step.Reads,
    };
}

/// <summary>What a run does for a step.</summary>
public enum StepAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Takes what is new.</summary>
    Update,

    /// <summary>Makes the table anew from all of its input.</summary>
    Rebuild,

    /// <summary>Makes some partitions anew.</summary>
    Backfill,

    /// <summary>Takes what the steps before it change, if they change anything.</summary>
    Depends,
}
