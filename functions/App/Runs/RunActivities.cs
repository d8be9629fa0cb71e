using Microsoft.Azure.Functions.Worker;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Runs;

/// <summary>The activities of a run. Each may run more than once for the same work.</summary>
public sealed class RunActivities(PipelineSteps steps)
{
    /// <summary>Fixes what the run does; the orchestration is told of the steps that have work to do.</summary>
    [Function(nameof(PlanRun))]
    public async Task<RunPlan> PlanRun([ActivityTrigger] RunRequest request, FunctionContext context) =>
        (await steps.PlanAsync(request, Invocation(context), context.CancellationToken)).Due();

    /// <summary>Looks again at a source that could not be looked at as the run was planned.</summary>
    [Function(nameof(ScanSource))]
    public Task<PlannedStep> ScanSource([ActivityTrigger] StepWork work, FunctionContext context) => steps.ScanSourceAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Writes a part of a source to data files of bronze.</summary>
    [Function(nameof(LandFiles))]
    public Task<LandedPart> LandFiles([ActivityTrigger] StepWork work, FunctionContext context) => steps.LandFilesAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Makes the parts of a source visible in bronze.</summary>
    [Function(nameof(CommitSource))]
    public Task<StepResult> CommitSource([ActivityTrigger] StepWork work, FunctionContext context) => steps.CommitSourceAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Makes silver and rejected of a source, or tells in which parts that is to be done.</summary>
    [Function(nameof(CleanSource))]
    public Task<StepResult> CleanSource([ActivityTrigger] StepWork work, FunctionContext context) => steps.CleanSourceAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Does a part of a source's cleaning that is too much for one activity.</summary>
    [Function(nameof(CleanPart))]
    public Task<LandedPart> CleanPart([ActivityTrigger] StepWork work, FunctionContext context) => steps.CleanPartAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Keeps one row of each key of a bucket.</summary>
    [Function(nameof(CleanBucket))]
    public Task<LandedPart> CleanBucket([ActivityTrigger] StepWork work, FunctionContext context) => steps.CleanBucketAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Makes visible in silver and rejected what parts and buckets wrote.</summary>
    [Function(nameof(CommitCleaned))]
    public Task<StepResult> CommitCleaned([ActivityTrigger] StepWork work, FunctionContext context) => steps.CommitCleanedAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Builds a model.</summary>
    [Function(nameof(BuildModel))]
    public Task<StepResult> BuildModel([ActivityTrigger] StepWork work, FunctionContext context) => steps.BuildModelAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Trains a model or applies it, and makes a table of what it says.</summary>
    [Function(nameof(LearnTable))]
    public Task<StepResult> LearnTable([ActivityTrigger] StepWork work, FunctionContext context) => steps.LearnTableAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Copies a table to a database.</summary>
    [Function(nameof(ServeTable))]
    public Task<StepResult> ServeTable([ActivityTrigger] StepWork work, FunctionContext context) => steps.ServeTableAsync(work, Invocation(context), context.CancellationToken);

    /// <summary>Records how the run ended, and tells why it failed.</summary>
    [Function(nameof(EndRun))]
    public Task<string?> EndRun([ActivityTrigger] RunEnd end, FunctionContext context) => steps.EndAsync(end, context.CancellationToken);

    private static string Invocation(FunctionContext context) => context.InvocationId.Replace("-", "", StringComparison.Ordinal);
}
