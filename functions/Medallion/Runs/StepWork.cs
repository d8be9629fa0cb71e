using System.Text.Json.Serialization;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>What an activity is given to do: a step of a run, with its inputs pinned.</summary>
public sealed record StepWork
{
    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Hash of the definition that the run works by.</summary>
    public required string Definition { get; init; }

    /// <summary>The attempt that made the plan.</summary>
    public required string PlanId { get; init; }

    /// <summary>The run's number.</summary>
    public required long Number { get; init; }

    /// <summary>The run's time.</summary>
    public required DateTimeOffset TimeUtc { get; init; }

    /// <summary>The table that the step makes.</summary>
    public required TableKey Table { get; init; }

    /// <summary>The versions to read, by table.</summary>
    public IReadOnlyDictionary<TableKey, long> Inputs { get; init; } = new Dictionary<TableKey, long>();

    /// <summary>The version that its table had as the run was planned; null where there was no table.</summary>
    public long? PlannedVersion { get; init; }

    /// <summary>Make the table anew from all of its input, even if nothing moved.</summary>
    public bool Rebuild { get; init; }

    /// <summary>The days whose partitions a clean step makes anew; null: it takes what is new.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateRange? Backfill { get; init; }

    /// <summary>The rejected rows that a clean step tries again; null: it takes what is new.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReplayRequest? Replay { get; init; }

    /// <summary>The part of an ingest step, or the part or bucket of a clean step that was cut; from 0.</summary>
    public int Part { get; init; }

    /// <summary>The parts that are done, for an activity that goes on with them.</summary>
    public IReadOnlyList<LandedPart> Landed { get; init; } = [];

    /// <summary>How a step was cut that is too large for one activity; null where it was not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SplitStep? Split { get; init; }

    /// <summary>The buckets that are done, for the activity that commits them.</summary>
    public IReadOnlyList<LandedPart> Buckets { get; init; } = [];

    /// <summary>It is a stream that is cleaned as it arrives, outside of any run.</summary>
    [JsonIgnore]
    public bool IsStream { get; init; }

    /// <summary>The name of the step's transactions and state in its tables.</summary>
    public string TransactionId => TransactionOf(Table);

    /// <summary>The name of the step's state in its tables.</summary>
    public string StateDomain => $"pipeline.step.{Table}";

    internal static string TransactionOf(TableKey step) => $"step/{step}";
}

/// <summary>A clean step that is too large for one activity. Parts of bronze are cleaned and cut by key into buckets; parts of silver that new rows may meet follow; then each
/// bucket keeps one row of a key; then all is committed.</summary>
/// <param name="Invocation">The attempt that cut it.</param>
/// <param name="Parts">Parts of bronze, numbered from 0.</param>
/// <param name="Present">Parts of silver, numbered on from there: to be done when those of bronze are.</param>
/// <param name="Buckets">Buckets, numbered from 0; 0 where the source has no key, and there is nothing to tell apart.</param>
public sealed record SplitStep(string Invocation, int Parts, int Present, int Buckets);

/// <summary>A part of a step that was written to files; what it wrote is listed in a manifest on the lake.</summary>
/// <param name="Part">The part, from 0.</param>
/// <param name="Invocation">The attempt that wrote it.</param>
public sealed record LandedPart(int Part, string Invocation);

/// <summary>How a step ended.</summary>
public sealed record StepResult
{
    /// <summary>The step's table.</summary>
    public required TableKey Table { get; init; }

    /// <summary>How it ended.</summary>
    public required StepStatus Status { get; init; }

    /// <summary>The versions afterwards of the tables that it makes; none where it failed or was skipped.</summary>
    public IReadOnlyDictionary<TableKey, long> Versions { get; init; } = new Dictionary<TableKey, long>();

    /// <summary>What became of the rows.</summary>
    public RowBooks? Rows { get; init; }

    /// <summary>The step is too large for one activity and is to be done in these parts; null: it is done.</summary>
    public SplitStep? Split { get; init; }
}

/// <summary>Where a step is.</summary>
public enum StepStatus
{
    /// <summary>Not begun.</summary>
    Pending,

    /// <summary>At work.</summary>
    Running,

    /// <summary>Its table has a new version.</summary>
    Succeeded,

    /// <summary>Neither its inputs nor its definition moved.</summary>
    Unchanged,

    /// <summary>It failed; the reason is in its record.</summary>
    Failed,

    /// <summary>A step before it failed.</summary>
    Skipped,

    /// <summary>What it read is below the floor of its source: it stays where it is, and the table as it was.</summary>
    Held,
}

/// <summary>Where a run is.</summary>
public enum RunStatus
{
    /// <summary>At work, or about to be.</summary>
    Running,

    /// <summary>All steps succeeded or were unchanged.</summary>
    Succeeded,

    /// <summary>A step failed.</summary>
    Failed,

    /// <summary>Somebody stopped it.</summary>
    Terminated,
}
