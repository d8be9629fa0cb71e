using Pipeline.Lakehouse;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Lineage.OpenLineage;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Schemas.Sources;
using Pipeline.Medallion.Serving.Targets;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Runs;

/// <summary>The work of a run's activities. Every method may be called again with the same work: what was committed is recognised and not done twice.</summary>
public sealed class PipelineSteps
{
    private readonly RunPlanner planner;
    private readonly SourcePlanner sources;
    private readonly DefinitionStore definitions;
    private readonly SourceLander lander;
    private readonly SourceCommitter committer;
    private readonly SourceCleaner cleaner;
    private readonly SourceBackfiller backfiller;
    private readonly SourceReplayer replayer;
    private readonly PartCleaner partCleaner;
    private readonly BucketCleaner bucketCleaner;
    private readonly CleanCloser closer;
    private readonly ModelBuilder builder;
    private readonly LearnedTables learned;
    private readonly TableServer server;
    private readonly MetricEvaluator metrics;
    private readonly LakeTables tables;
    private readonly RunStore runs;
    private readonly StepStore steps;
    private readonly LineageLog lineage;
    private readonly QualityRecorder quality;
    private readonly RunEventWriter events;
    private readonly AnomalyEvents anomalies;
    private readonly SourceSchemas schemas;

    internal PipelineSteps(
        RunPlanner planner,
        SourcePlanner sources,
        DefinitionStore definitions,
        SourceLander lander,
        SourceCommitter committer,
        SourceCleaner cleaner,
        SourceBackfiller backfiller,
        SourceReplayer replayer,
        PartCleaner partCleaner,
        BucketCleaner bucketCleaner,
        CleanCloser closer,
        ModelBuilder builder,
        LearnedTables learned,
        TableServer server,
        MetricEvaluator metrics,
        LakeTables tables,
        RunStore runs,
        StepStore steps,
        LineageLog lineage,
        QualityRecorder quality,
        RunEventWriter events,
        AnomalyEvents anomalies,
        SourceSchemas schemas)
    {
        (this.planner, this.sources, this.definitions, this.lander, this.committer, this.cleaner) = (planner, sources, definitions, lander, committer, cleaner);
        (this.backfiller, this.replayer, this.partCleaner, this.bucketCleaner, this.closer) = (backfiller, replayer, partCleaner, bucketCleaner, closer);
        (this.builder, this.learned, this.server, this.metrics, this.tables, this.runs, this.steps) = (builder, learned, server, metrics, tables, runs, steps);
        (this.lineage, this.quality, this.events, this.anomalies, this.schemas) = (lineage, quality, events, anomalies, schemas);
    }

    /// <summary>Fixes what the run does.</summary>
    public async Task<RunPlan> PlanAsync(RunRequest request, string invocation, CancellationToken cancellationToken)
    {
        await events.BeginAsync(request, cancellationToken);
        var plan = await planner.PlanAsync(request, invocation, cancellationToken);
        await lineage.BeginAsync(plan, cancellationToken);
        return plan;
    }

    /// <summary>Finds out what a run would do, and does nothing; the request's id has no meaning.</summary>
    /// <exception cref="UnknownPipelineException">There is no such pipeline.</exception>
    /// <exception cref="DefinitionException">It cannot work.</exception>
    /// <exception cref="UnknownStepException">It has no such step.</exception>
    public Task<RunPreview> PreviewAsync(RunRequest request, CancellationToken cancellationToken) => planner.PreviewAsync(request, cancellationToken);

    /// <summary>Looks again at a source that could not be looked at as the run was planned.</summary>
    /// <returns>The step with its parts.</returns>
    public async Task<PlannedStep> ScanSourceAsync(StepWork work, string invocation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        await steps.BeginAsync(work.RunId, work.Table, cancellationToken);
        return await TellingAsync(work, async () => await sources.ScanAgainAsync(await PipelineAsync(work, cancellationToken), work, invocation, cancellationToken));
    }

    /// <summary>Writes a part of a source to data files.</summary>
    public async Task<LandedPart> LandFilesAsync(StepWork work, string invocation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        await steps.BeginAsync(work.RunId, work.Table, cancellationToken);
        return await TellingAsync(work, async () => await lander.LandAsync((await PipelineAsync(work, cancellationToken)).Source(work.Table), work, invocation, cancellationToken));
    }

    /// <summary>Makes the landed parts of a source visible.</summary>
    public Task<StepResult> CommitSourceAsync(StepWork work, string invocation, CancellationToken cancellationToken) => DoAsync(
        work,
        async (pipeline, step) =>
        {
            var source = pipeline.Source(step.Table);
            var outcome = await committer.CommitAsync(source, work, step.Definition, invocation, cancellationToken);
            return outcome with { Remark = await schemas.RegisterDetectedAsync(source, work, cancellationToken) };
        },
        cancellationToken);

    /// <summary>Makes a source's silver and rejected tables, or tells in which parts that is to be done.</summary>
    public Task<StepResult> CleanSourceAsync(StepWork work, string invocation, CancellationToken cancellationToken) => DoAsync(
        work,
        async (pipeline, step) =>
        {
            // Here and not as it is landed: a contract that moved is held against rows that are there already.
            var source = pipeline.Source(step.Table);
            var remark = await schemas.RegisterContractAsync(source, work, cancellationToken);
            var outcome = work switch
            {
                { Replay: { } replay } => await replayer.ReplayAsync(source, work, replay, step.Definition, invocation, cancellationToken),
                { Backfill: { } range } => await backfiller.BackfillAsync(source, work, range, step.Definition, invocation, cancellationToken),
                _ => await cleaner.CleanAsync(source, work, step.Definition, invocation, cancellationToken),
            };
            return outcome with { Remark = remark };
        },
        cancellationToken);

    /// <summary>Does one part of a clean step that was cut.</summary>
    public Task<LandedPart> CleanPartAsync(StepWork work, string invocation, CancellationToken cancellationToken) => DoPartAsync(
        work, (source, split) => partCleaner.CleanAsync(source, work, split, invocation, cancellationToken), cancellationToken);

    /// <summary>Does one bucket of a clean step that was cut.</summary>
    public Task<LandedPart> CleanBucketAsync(StepWork work, string invocation, CancellationToken cancellationToken) => DoPartAsync(
        work, (source, split) => bucketCleaner.CleanAsync(source, work, split, invocation, cancellationToken), cancellationToken);

    /// <summary>Makes visible what parts and buckets of a clean step wrote.</summary>
    public Task<StepResult> CommitCleanedAsync(StepWork work, string invocation, CancellationToken cancellationToken) => DoAsync(
        work, (pipeline, step) => closer.CommitAsync(pipeline.Source(step.Table), work, SplitOf(work), step.Definition, invocation, cancellationToken), cancellationToken);

    /// <summary>Builds a model.</summary>
    public Task<StepResult> BuildModelAsync(StepWork work, string invocation, CancellationToken cancellationToken) => DoAsync(
        work,
        (pipeline, step) => builder.BuildAsync(step, pipeline.Model(step.Table), work, invocation, cancellationToken),
        cancellationToken);

    /// <summary>Trains a model or applies it, and makes a table of what it says.</summary>
    public Task<StepResult> LearnTableAsync(StepWork work, string invocation, CancellationToken cancellationToken) => DoAsync(
        work,
        (pipeline, step) => learned.LearnAsync(pipeline, step, work, invocation, cancellationToken),
        cancellationToken);

    /// <summary>Copies a table to a database.</summary>
    public Task<StepResult> ServeTableAsync(StepWork work, string invocation, CancellationToken cancellationToken) => DoAsync(
        work,
        (pipeline, step) => server.ServeAsync(step, pipeline.Serve(step.Table), work, invocation, cancellationToken),
        cancellationToken);

    /// <summary>Closes a run: keeps the verdicts on its batches, measures the metrics, notes how it ended, and deletes its folder.</summary>
    /// <returns>Why the run failed; null where it succeeded.</returns>
    public async Task<string?> EndAsync(RunEnd end, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(end);
        await steps.SkipAsync(end.RunId, end.Skipped, cancellationToken);
        foreach (var report in await quality.RecordAsync(end.Pipeline, end.RunId, cancellationToken))
        {
            await events.JudgeAsync(end.Pipeline, report, cancellationToken);
        }

        var (measured, error) = await MeasureAsync(end, cancellationToken);
        var status = error is null ? RunStatus.Succeeded : RunStatus.Failed;

        // The record comes last: who sees that the run is over finds its lineage and events, and may start the next.
        await lineage.EndAsync(end, error, cancellationToken);
        await new RunFolder(tables.Lake, end.RunId).DeleteAsync(cancellationToken);
        await TellEndAsync(end, status, error, cancellationToken);
        await runs.EndAsync(end.RunId, status, error, measured, cancellationToken);
        return error;
    }

    // A step that may be tried again is known to have failed for good when its run is over.
    private async Task TellEndAsync(RunEnd end, RunStatus status, string? error, CancellationToken cancellationToken)
    {
        if (end.Error is not null)
        {
            foreach (var step in (await steps.ListAsync(end.RunId, cancellationToken)).Where(s => s.Status == StepStatus.Failed))
            {
                await events.FailStepAsync(end.RunId, end.Pipeline, step.Table, step.Error ?? "", cancellationToken);
            }
        }

        foreach (var step in end.Skipped)
        {
            await events.SkipStepAsync(end.RunId, end.Pipeline, step, cancellationToken);
        }

        await events.EndAsync(end.RunId, end.Pipeline, status, error, cancellationToken);
    }

    // A metric that cannot be measured fails the run, but not its record.
    private async Task<(IReadOnlyDictionary<string, decimal?> Values, string? Error)> MeasureAsync(RunEnd end, CancellationToken cancellationToken)
    {
        if (end.Definition is not { } hash)
        {
            return (new Dictionary<string, decimal?>(), end.Error);
        }

        try
        {
            var pipeline = await definitions.LoadFrozenAsync(end.Pipeline, hash, cancellationToken);
            return (await metrics.EvaluateAsync(pipeline.Definition, cancellationToken), end.Error);
        }
        catch (TerminalException error)
        {
            return (new Dictionary<string, decimal?>(), end.Error ?? $"The metrics cannot be measured: {error.Message}");
        }
    }

    private Task<CompiledPipeline> PipelineAsync(StepWork work, CancellationToken cancellationToken) => definitions.LoadFrozenAsync(work.Pipeline, work.Definition, cancellationToken);

    private async Task<StepResult> DoAsync(StepWork work, Func<CompiledPipeline, Step, Task<StepOutcome>> step, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        // A source of which there are parts began with the first of them.
        if (work is { Table.Layer: not "bronze", Split: null } or { Table.Layer: "bronze", Landed.Count: 0 })
        {
            await steps.BeginAsync(work.RunId, work.Table, cancellationToken);
        }

        return await TellingAsync(work, async () =>
        {
            var pipeline = await PipelineAsync(work, cancellationToken);
            var outcome = await step(pipeline, pipeline.Step(work.Table));
            if (outcome.Result.Split is null)
            {
                await steps.EndAsync(work.RunId, outcome.Result, outcome.Rows, outcome.Note, cancellationToken);
                if (outcome.Remark is { } remark)
                {
                    await steps.RemarkAsync(work.RunId, work.Table, remark, cancellationToken);
                }

                await events.EndStepAsync(work, outcome, cancellationToken);
                await anomalies.TellAsync(work.Pipeline, work.Table, outcome.Scored, work.RunId, cancellationToken);
            }

            return outcome.Result;
        });
    }

    private async Task<LandedPart> DoPartAsync(StepWork work, Func<SourceDefinition, SplitStep, Task<LandedPart>> part, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        return await TellingAsync(work, async () => await part((await PipelineAsync(work, cancellationToken)).Source(work.Table), SplitOf(work)));
    }

    private static SplitStep SplitOf(StepWork work) => work.Split ?? throw new ArgumentException($"{work.Table} was not cut into parts.", nameof(work));

    // An exception crosses the activity's edge as text only: what failed is noted before it is thrown on.
    private async Task<T> TellingAsync<T>(StepWork work, Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            await steps.FailAsync(work.RunId, work.Table, error.Message, CancellationToken.None);
            if (error is not TransientException)
            {
                await events.FailStepAsync(work.RunId, work.Pipeline, work.Table, error.Message, CancellationToken.None);
            }

            throw;
        }
    }
}

/// <summary>How a run ended.</summary>
public sealed record RunEnd
{
    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Hash of the definition that it worked by; null where it never came to have one.</summary>
    public string? Definition { get; init; }

    /// <summary>Why it failed; null where it succeeded.</summary>
    public string? Error { get; init; }

    /// <summary>Steps that were left out because one before them failed.</summary>
    public IReadOnlyList<TableKey> Skipped { get; init; } = [];
}
