using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Runs;

/// <summary>What an orchestration knows of its run so far; all of it follows from the plan and the activities' answers, so that a replay finds the same.</summary>
internal sealed class RunProgress
{
    private const int ErrorCharacters = 1000;
    private readonly RunPlan plan;
    private readonly ILogger log;
    private readonly Dictionary<TableKey, long> versions;
    private readonly HashSet<TableKey> missing = [];
    private readonly List<TableKey> skipped = [];
    private readonly SortedDictionary<string, string> failures = new(StringComparer.Ordinal);

    public RunProgress(RunPlan plan, ILogger log)
    {
        (this.plan, this.log) = (plan, log);
        versions = new Dictionary<TableKey, long>(plan.Versions);
    }

    private string? Error => failures.Count == 0 ? null : $"{failures.Count} step(s) failed. {string.Join("; ", failures.Take(3).Select(f => $"{f.Key}: {f.Value}"))}";

    /// <summary>The steps of a level that have work to do; those that miss an input because a step before failed are skipped.</summary>
    public IReadOnlyList<PlannedStep> Due(IEnumerable<PlannedStep> level)
    {
        var due = new List<PlannedStep>();
        foreach (var step in level)
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
    public StepWork WorkOf(PlannedStep step) => plan.WorkOf(step, versions);

    /// <summary>Notes how a step ended.</summary>
    public void Note(StepResult result, double seconds)
    {
        foreach (var (table, version) in result.Versions)
        {
            versions[table] = version;
        }

        // A batch that is held feeds nothing; what needs a table that is not there yet is left out.
        if (result.Status == StepStatus.Held && result.Versions.Count == 0)
        {
            missing.Add(result.Table);
        }

        long? made = result.Versions.TryGetValue(result.Table, out var found) ? found : null;
        log.StepEnded(result.Table, plan.RunId, result.Status, seconds, made, result.Rows?.In, result.Rows?.Out, result.Rows?.Rejected);
    }

    /// <summary>Notes why a step failed; those that need its table are skipped.</summary>
    public void Fail(TableKey step, TaskFailureDetails failure)
    {
        missing.Add(step);
        failures.TryAdd(step.ToString(), Shorten(failure.ErrorMessage));
        log.StepFailed(step, plan.RunId, failure.ErrorType);
    }

    /// <summary>Tells the log how the run ended.</summary>
    public void LogEnd(string? error, double seconds)
    {
        if (error is null)
        {
            log.Succeeded(plan.RunId, plan.Pipeline, seconds);
        }
        else
        {
            log.Failed(plan.RunId, plan.Pipeline, seconds, failures.Count, skipped.Count);
        }
    }

    /// <summary>A reason short enough to be carried about.</summary>
    public static string Shorten(string reason) => reason.Length > ErrorCharacters ? string.Concat(reason.AsSpan(0, ErrorCharacters), " …") : reason;

    /// <summary>How the run ends.</summary>
    public RunEnd End() => new() { RunId = plan.RunId, Pipeline = plan.Pipeline, Definition = plan.Definition, Error = Error, Skipped = skipped };
}
