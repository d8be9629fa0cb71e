using System.Text.Json.Serialization;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>What somebody asks for: one run of a pipeline.</summary>
public sealed record RunRequest
{
    /// <summary>The run's id; also the orchestration's.</summary>
    public required string RunId { get; init; }

    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The tables to bring up to date; empty means all. Other steps are left as they are.</summary>
    public IReadOnlyList<TableKey> Select { get; init; } = [];

    /// <summary>Every selected step does its work anew, whether its input moved or not.</summary>
    public bool FullRefresh { get; init; }

    /// <summary>The days whose partitions are made anew, instead of taking what is new; null: an ordinary run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateRange? Backfill { get; init; }

    /// <summary>Rejected rows that are tried again, instead of taking what is new; null: an ordinary run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReplayRequest? Replay { get; init; }

    /// <summary>Who asked for it, as far as the request tells.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RequestedBy { get; init; }

    /// <summary>All of a pipeline, not claimed yet.</summary>
    public static RunRequest For(string pipeline) => new() { RunId = "", Pipeline = pipeline };
}

/// <summary>What a run does, fixed before its first step: every attempt of every step works from the same inputs and the same time.</summary>
/// <remarks>It carries names and numbers only; lists of files lie in the run's folder on the lake.</remarks>
public sealed record RunPlan
{
    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The attempt that made the plan: of several, the one that was recorded counts, with the lists that it wrote.</summary>
    public required string PlanId { get; init; }

    /// <summary>Hash of the definition that the run works by.</summary>
    public required string Definition { get; init; }

    /// <summary>The run's number: larger than that of any run before it, and the version of its transactions.</summary>
    public required long Number { get; init; }

    /// <summary>The run's time, which SQL sees as <c>run_time()</c>.</summary>
    public required DateTimeOffset TimeUtc { get; init; }

    /// <summary>The versions that tables have as the run begins.</summary>
    public required IReadOnlyDictionary<TableKey, long> Versions { get; init; }

    /// <summary>The steps, in an order in which every step follows its inputs.</summary>
    public required IReadOnlyList<PlannedStep> Steps { get; init; }

    /// <summary>How many steps certainly have nothing to do and are left out of <see cref="Steps"/>.</summary>
    public int UnchangedSteps { get; init; }

    /// <summary>What an activity is given to do for a step.</summary>
    /// <param name="step">A step of the plan.</param>
    /// <param name="versions">The versions that tables have by now: those that the plan found, and those that the steps before made.</param>
    public StepWork WorkOf(PlannedStep step, IReadOnlyDictionary<TableKey, long> versions)
    {
        ArgumentNullException.ThrowIfNull(step);
        return new StepWork
        {
            RunId = RunId,
            Pipeline = Pipeline,
            Definition = Definition,
            PlanId = step.ScanId ?? PlanId,
            Number = Number,
            TimeUtc = TimeUtc,
            Table = step.Table,
            PlannedVersion = step.Version,
            Rebuild = step.Rebuild,
            Backfill = step.Backfill?.Range,
            Replay = step.Replay?.Request,
            Inputs = step.Inputs.Where(versions.ContainsKey).ToDictionary(i => i, i => i.Layer == "bronze" ? step.Backfill?.Version ?? step.Replay?.Version ?? versions[i] : versions[i]),
        };
    }

    /// <summary>The plan without what the orchestration has no use for, steps with nothing to do and versions that no step reads or that the run makes anew: its messages are bounded.</summary>
    public RunPlan Due()
    {
        var due = Steps.Where(s => !s.Unchanged).Select(s => s with { Why = null, Reads = null }).ToList();
        var made = due.Select(s => s.Table).ToHashSet();
        var read = due.SelectMany(s => s.Inputs).Where(i => !made.Contains(Step.MakerOf(i))).ToHashSet();
        return this with { Steps = due, UnchangedSteps = Steps.Count - due.Count, Versions = Versions.Where(v => read.Contains(v.Key)).ToDictionary(v => v.Key, v => v.Value) };
    }
}

/// <summary>One step as the plan has it.</summary>
public sealed record PlannedStep
{
    /// <summary>The table that the step makes; the step's name.</summary>
    public required TableKey Table { get; init; }

    /// <summary>What kind of work it is.</summary>
    public required StepKind Kind { get; init; }

    /// <summary>Steps of one level do not depend on each other; 0 is the first.</summary>
    public required int Level { get; init; }

    /// <summary>The tables that it reads.</summary>
    public IReadOnlyList<TableKey> Inputs { get; init; } = [];

    /// <summary>The version that the table of an ingest step has as the run begins: what arrived was compared with its ledger. Null where there is no table.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Version { get; init; }

    /// <summary>Whether the table is made anew from all of its input: on request, or because the definition moved.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Rebuild { get; init; }

    /// <summary>The partitions of a clean step that are made anew; null: it takes what is new.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PlannedBackfill? Backfill { get; init; }

    /// <summary>The rejected rows that a clean step tries again; null: it takes what is new.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PlannedReplay? Replay { get; init; }

    /// <summary>How many parts an ingest step is cut into; 0 where nothing arrived.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Parts { get; init; }

    /// <summary>Whether the source of an ingest step could not be looked at: the run looks again before it lands anything of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Unscanned { get; init; }

    /// <summary>The attempt that listed the parts; null: the one that made the plan.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ScanId { get; init; }

    /// <summary>Whether the step certainly has nothing to do.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Unchanged { get; init; }

    /// <summary>Why it has work to do, or none: words for people, which the orchestration does not carry.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Why { get; init; }

    /// <summary>What it reads; null as long as a step before it decides that. The orchestration does not carry it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StepReads? Reads { get; init; }
}

/// <summary>A backfill of a table of silver.</summary>
/// <param name="Range">The days whose partitions are made anew.</param>
/// <param name="Version">The version of bronze that is read: the one that silver has seen, so that what is new stays new for the next run.</param>
public sealed record PlannedBackfill(DateRange Range, long Version);

/// <summary>What a step reads.</summary>
public sealed record StepReads
{
    /// <summary>Files: landed ones for an ingest step, data files of its inputs for any other.</summary>
    public required long Files { get; init; }

    /// <summary>Their size together.</summary>
    public required long Bytes { get; init; }

    /// <summary>Their rows; null for files that nobody has read yet.</summary>
    public long? Rows { get; init; }

    /// <summary>The first of the landed files, by path; empty for other steps.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];
}

/// <summary>What kind of work a step is.</summary>
public enum StepKind
{
    /// <summary>Lands what arrived in bronze.</summary>
    Ingest,

    /// <summary>Types, checks and de-duplicates bronze into silver and rejected.</summary>
    Clean,

    /// <summary>Builds a table by a SELECT.</summary>
    Model,

    /// <summary>Trains a model, or applies it, and makes a table of what it says.</summary>
    Learn,

    /// <summary>Copies a table to a database.</summary>
    Serve,
}
