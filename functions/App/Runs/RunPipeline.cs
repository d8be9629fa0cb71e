using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Runs;

/// <summary>The main flow: plan, ingest every source, clean every source, build the models level by level, serve what databases get, measure and record.</summary>
public static class RunPipeline
{
    /// <summary>Runs a pipeline. A step that fails does not stop those that do not depend on it; the run fails at its end.</summary>
    [Function(nameof(RunPipeline))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context, RunRequest request)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(request);
        var log = context.CreateReplaySafeLogger(typeof(RunPipeline));
        var begun = context.CurrentUtcDateTime;
        RunPlan plan;
        try
        {
            plan = await context.CallActivityAsync<RunPlan>(nameof(RunActivities.PlanRun), request, Retries.OfTransientFailures);
        }
        catch (TaskFailedException failure)
        {
            log.NotPlanned(request.RunId, request.Pipeline, failure.FailureDetails.ErrorType);
            await EndAsync(context, new RunEnd { RunId = request.RunId, Pipeline = request.Pipeline, Error = RunProgress.Shorten(failure.FailureDetails.ErrorMessage) });
            throw;
        }

        log.Planned(plan.RunId, plan.Pipeline, plan.Steps.Count, plan.UnchangedSteps);
        var run = new RunProgress(plan, log);
        foreach (var level in plan.Steps.GroupBy(s => s.Level).OrderBy(l => l.Key))
        {
            var due = await ScanAsync(context, run, run.Due(level));
            var landed = await LandAsync(context, run, [.. due.Where(s => s.Kind == StepKind.Ingest)]);
            await FanOut.RunAsync(due, step => RunStepAsync(context, run, step, landed));
        }

        var error = await EndAsync(context, run.End());
        run.LogEnd(error, (context.CurrentUtcDateTime - begun).TotalSeconds);
        if (error is not null)
        {
            throw new RunFailedException(error);
        }
    }

    // A source that did not answer as the run was planned is asked again, as often as anything that may pass; then its step fails, and no other.
    private static async Task<IReadOnlyList<PlannedStep>> ScanAsync(TaskOrchestrationContext context, RunProgress run, IReadOnlyList<PlannedStep> due)
    {
        var ready = due.Where(s => !s.Unscanned).ToList();
        await FanOut.RunAsync(due.Where(s => s.Unscanned), async step =>
        {
            try
            {
                var scanned = await context.CallActivityAsync<PlannedStep>(nameof(RunActivities.ScanSource), run.WorkOf(step), Retries.OfTransientFailures);
                ready.Add(scanned with { Level = step.Level });
            }
            catch (TaskFailedException failure)
            {
                run.Fail(step.Table, failure.FailureDetails);
            }
        });
        return ready;
    }

    // Parts of all sources are landed side by side; a source with a part that failed is not committed.
    private static async Task<ILookup<TableKey, LandedPart?>> LandAsync(TaskOrchestrationContext context, RunProgress run, IReadOnlyList<PlannedStep> sources)
    {
        var landed = new List<(TableKey Table, LandedPart? Part)>();
        await FanOut.RunAsync(sources.SelectMany(s => Enumerable.Range(0, s.Parts).Select(part => (Step: s, Part: part))), async item =>
        {
            try
            {
                var work = run.WorkOf(item.Step) with { Part = item.Part };
                landed.Add((item.Step.Table, await context.CallActivityAsync<LandedPart>(nameof(RunActivities.LandFiles), work, Retries.OfTransientFailures)));
            }
            catch (TaskFailedException failure)
            {
                run.Fail(item.Step.Table, failure.FailureDetails);
                landed.Add((item.Step.Table, null));
            }
        });
        return landed.ToLookup(l => l.Table, l => l.Part);
    }

    private static async Task RunStepAsync(TaskOrchestrationContext context, RunProgress run, PlannedStep step, ILookup<TableKey, LandedPart?> landed)
    {
        var parts = landed[step.Table].OfType<LandedPart>().OrderBy(p => p.Part).ToList();
        if (landed[step.Table].Count() != parts.Count)
        {
            return;
        }

        var begun = context.CurrentUtcDateTime;
        try
        {
            var activity = step.Kind switch
            {
                StepKind.Ingest => nameof(RunActivities.CommitSource),
                StepKind.Clean => nameof(RunActivities.CleanSource),
                StepKind.Learn => nameof(RunActivities.LearnTable),
                StepKind.Serve => nameof(RunActivities.ServeTable),
                _ => nameof(RunActivities.BuildModel),
            };
            var work = run.WorkOf(step) with { Landed = parts };
            var result = await context.CallActivityAsync<StepResult>(activity, work, Retries.OfTransientFailures);
            result = result.Split is { } split ? await CleanInParts.RunAsync(context, work, split) : result;
            run.Note(result, (context.CurrentUtcDateTime - begun).TotalSeconds);
        }
        catch (TaskFailedException failure)
        {
            run.Fail(step.Table, failure.FailureDetails);
        }
    }

    private static Task<string?> EndAsync(TaskOrchestrationContext context, RunEnd end) =>
        context.CallActivityAsync<string?>(nameof(RunActivities.EndRun), end, Retries.OfTransientFailures);
}

/// <summary>A run of which a step failed.</summary>
public sealed class RunFailedException(string message) : Exception(message);
