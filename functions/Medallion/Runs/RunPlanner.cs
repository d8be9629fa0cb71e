using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>Fixes what a run does, before it does anything.</summary>
internal sealed class RunPlanner(DefinitionStore definitions, LakeTables tables, SourceScanner scanner, Engine engine, RunStore runs, StepStore steps, TimeProvider clock)
{
    /// <summary>Makes the plan and notes its steps.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="planId">This attempt.</param>
    /// <param name="cancellationToken">Ends the planning.</param>
    /// <exception cref="TerminalException">The definition cannot work, a selected step does not exist, or another run holds the pipeline.</exception>
    public async Task<RunPlan> PlanAsync(RunRequest request, string planId, CancellationToken cancellationToken)
    {
        if (!await runs.HoldsAsync(request.RunId, cancellationToken))
        {
            throw new TerminalException($"Run {request.RunId} no longer holds pipeline '{request.Pipeline}': another run took its place. Nothing was done.");
        }

        var pipeline = await definitions.FreezeAsync(request.Pipeline, cancellationToken);
        var selected = Select(pipeline, request.Select);
        var snapshots = await ReadAllAsync(pipeline, cancellationToken);
        var now = clock.GetUtcNow();
        var last = snapshots.Values.SelectMany(s => s.Transactions.Where(t => t.Key.StartsWith("step/", StringComparison.Ordinal))).Select(t => t.Value).DefaultIfEmpty().Max();
        var planned = new Dictionary<TableKey, PlannedStep>();
        using var session = engine.OpenSession();
        foreach (var step in selected)
        {
            planned[step.Table] = await PlanStepAsync(session, request, planId, pipeline, step, snapshots, planned, cancellationToken);
        }

        var plan = new RunPlan
        {
            RunId = request.RunId,
            Pipeline = request.Pipeline,
            PlanId = planId,
            Definition = pipeline.Hash,
            Number = Math.Max(last + 1, now.ToUnixTimeMilliseconds()),
            TimeUtc = now,
            Versions = snapshots.ToDictionary(s => s.Key, s => s.Value.Version),
            Steps = [.. planned.Values],
        };
        await steps.PlanAsync(plan, cancellationToken);
        return plan;
    }

    private static IReadOnlyList<Step> Select(CompiledPipeline pipeline, IReadOnlyList<TableKey> select)
    {
        foreach (var table in select.Where(t => pipeline.Steps.All(s => s.Table != t)))
        {
            throw new UnknownStepException(table.ToString(), pipeline);
        }

        return select.Count == 0 ? pipeline.Steps : [.. pipeline.Steps.Where(s => select.Contains(s.Table))];
    }

    private async Task<PlannedStep> PlanStepAsync(
        DuckDbSession session,
        RunRequest request,
        string planId,
        CompiledPipeline pipeline,
        Step step,
        Dictionary<TableKey, DeltaSnapshot> snapshots,
        Dictionary<TableKey, PlannedStep> before,
        CancellationToken cancellationToken)
    {
        var snapshot = snapshots.GetValueOrDefault(step.Table);
        var state = StepState.Of(snapshot, step.Table);
        var rebuild = request.FullRefresh || state is null || state.Definition != step.Definition;
        var planned = new PlannedStep { Table = step.Table, Kind = step.Kind, Level = step.Level, Inputs = step.Inputs, Rebuild = rebuild };
        if (step.Kind == StepKind.Ingest)
        {
            var scan = await scanner.ScanAsync(session, request.RunId, planId, pipeline.Definition.Name, pipeline.Source(step.Table), step.Table, rebuild ? null : state, cancellationToken);
            return planned with { Version = snapshot?.Version, Parts = scan.Parts, Rebuild = rebuild || scan.Rebuild, Unchanged = !rebuild && !scan.Rebuild && scan.Parts == 0 };
        }

        var settled = step.Inputs.All(i => snapshots.ContainsKey(i) && (!before.TryGetValue(Step.MakerOf(i), out var maker) || maker.Unchanged));
        return planned with
        {
            Unchanged = !rebuild && settled && state is not null
                && !await StepInputs.HaveMovedAsync(tables, pipeline.Definition.Name, state.Inputs, [.. step.Inputs.Select(i => (i, snapshots[i]))], cancellationToken),
        };
    }

    private async Task<Dictionary<TableKey, DeltaSnapshot>> ReadAllAsync(CompiledPipeline pipeline, CancellationToken cancellationToken)
    {
        var all = pipeline.Steps.Select(s => s.Table).Concat(pipeline.Definition.Sources.Select(s => new TableKey("rejected", s.Name)));
        var read = await Task.WhenAll(all.Select(async t => (Table: t, Snapshot: await tables.Open(pipeline.Definition.Name, t).ReadAsync(null, cancellationToken))));
        return read.Where(r => r.Snapshot is not null).Select(r => (r.Table, Snapshot: r.Snapshot ?? throw new InvalidOperationException())).ToDictionary(r => r.Table, r => r.Snapshot);
    }
}

/// <summary>A run was asked for a step that the pipeline does not have.</summary>
public sealed class UnknownStepException(string step, CompiledPipeline pipeline)
    : TerminalException($"Pipeline '{pipeline.Definition.Name}' has no step '{step}'. Its steps: {string.Join(", ", pipeline.Steps.Select(s => s.Table))}.");
