using Pipeline.Medallion.Events;

namespace Pipeline.Medallion.Push;

/// <summary>A stretch of the event log, as it is sent to those who listen.</summary>
public sealed record EventMessage
{
    /// <summary>The number that the message before this one ended with. A listener who has not come so far asks the log for what lies between.</summary>
    public required long Previous { get; init; }

    /// <summary>The number of the first event.</summary>
    public required long First { get; init; }

    /// <summary>The number of the last event.</summary>
    public required long Last { get; init; }

    /// <summary>The events, oldest first.</summary>
    public required IReadOnlyList<PipelineEvent> Events { get; init; }
}
