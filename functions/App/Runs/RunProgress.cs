using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Runs;

/// <summary>What an orchestration knows of its run so far; all of it follows from the plan and the activities' answers, so that a replay finds the same.</summary>
internal sealed class RunProgress
{
    private const int ErrorCharacters = 1000;
    private readonly RunPlan plan;
    private readonly Dictionary<TableKey, long> versions;
    private readonly HashSet<TableKey> missing = [];
    private readonly List<TableKey> skipped = [];
    private readonly SortedDictionary<string, string> failures = new(StringComparer.Ordinal);

    public RunProgress(RunPlan plan)
    {
        this.plan = plan;
        versions = new Dictionary<TableKey, long>(plan.Versions);
    }

    /// <summary>Why the run fails; null while nothing failed.</summary>
    public string? Error => failures.Count == 0 ? null : $"{failures.Count} step(s) failed. {string.Join("; ", failures.Take(3).Select(f => $"{f.Key}: {f.Value}"))}";

    /// <summary>The steps of a level that have work to do; those that miss an input because a step before failed are skipped.</summary>
    public IReadOnlyList<PlannedStep> Due(IEnumerable<PlannedStep> level)
    {
        var due = new List<PlannedStep>();
        foreach (var step in level.Where(s => !s.Unchanged))
        {
            if (step.Inputs.Any(i => missing.Contains(Step.MakerOf(i))))
            {
                missing.Add(step.Table);
                skipped.Add(step.Table);
            }
            else
            {
                due.Add(step);
            }
        }

        return due;
    }

    /// <summary>What an activity is given to do for a step: its inputs are those that the steps before made, else those that the plan found.</summary>
    public StepWork WorkOf(PlannedStep step) => new()
    {
        RunId = plan.RunId,
        Pipeline = plan.Pipeline,
        Definition = plan.Definition,
        PlanId = plan.PlanId,
        PlannedVersion = plan.Versions.TryGetValue(step.Table, out var version) ? version : null,
        Number = plan.Number,
        TimeUtc = plan.TimeUtc,
        Table = step.Table,
        Rebuild = step.Rebuild,
        Inputs = step.Inputs.Where(versions.ContainsKey).ToDictionary(i => i, i => versions[i]),
    };

    /// <summary>Notes how a step ended.</summary>
    public void Note(StepResult result)
    {
        foreach (var (table, version) in result.Versions)
        {
            versions[table] = version;
        }

        if (result.Status == StepStatus.Failed)
        {
            missing.Add(result.Table);
        }
    }

    /// <summary>Notes why a step failed.</summary>
    public void Fail(TableKey step, string reason) => failures.TryAdd(step.ToString(), reason.Length > ErrorCharacters ? string.Concat(reason.AsSpan(0, ErrorCharacters), " …") : reason);

    /// <summary>How the run ends.</summary>
    public RunEnd End() => new() { RunId = plan.RunId, Pipeline = plan.Pipeline, Definition = plan.Definition, Error = Error, Skipped = skipped };
}
