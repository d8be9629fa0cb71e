using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>What a step came to: the result that the run goes on with, and what is noted for people.</summary>
public sealed record StepOutcome
{
    /// <summary>What the run goes on with.</summary>
    public required StepResult Result { get; init; }

    /// <summary>What became of the rows.</summary>
    public RowBooks? Rows { get; init; }

    /// <summary>What is worth knowing though the step succeeded.</summary>
    public string? Note { get; init; }

    /// <summary>What is worth knowing besides, which an attempt that finds its work done tells again.</summary>
    public string? Remark { get; init; }

    /// <summary>What models said of the rows; null: none was asked, or nothing was committed.</summary>
    public ScoredBatch? Scored { get; init; }

    /// <summary>What is told of work that is done already: by this step's earlier attempt, or because nothing moved.</summary>
    internal static StepOutcome Done(StepWork work, StepStatus status, StepState? state, params IEnumerable<(TableKey Table, long Version)> versions) =>
        Of(work.Table, status, state?.Rows, versions) with { Scored = status == StepStatus.Succeeded ? ScoredBatch.Of(state, isRepeat: true) : null };

    internal static StepOutcome Of(TableKey table, StepStatus status, RowBooks? rows, params IEnumerable<(TableKey Table, long Version)> versions) => new()
    {
        Result = new StepResult { Table = table, Status = status, Versions = versions.ToDictionary(v => v.Table, v => v.Version), Rows = rows },
        Rows = rows,
    };
}
