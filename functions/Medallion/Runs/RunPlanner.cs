using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Runs;

/// <summary>Fixes what a run does, before it does anything.</summary>
internal sealed class RunPlanner(DefinitionStore definitions, LakeTables tables, SourcePlanner sources, Engine engine, RunStore runs, StepStore steps, TimeProvider clock)
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
        var folder = new RunFolder(tables.Lake, request.RunId);
        await folder.DeleteEarlierAsync(cancellationToken);
        var plan = await DecideAsync(pipeline, request, folder, planId, cancellationToken);
        await steps.PlanAsync(plan, cancellationToken);
        return plan;
    }

    /// <summary>Finds out what a run would do, and does nothing.</summary>
    /// <inheritdoc cref="PlanAsync" path="/exception"/>
    public async Task<RunPreview> PreviewAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var plan = await DecideAsync(await definitions.LoadAsync(request.Pipeline, cancellationToken), request, folder: null, planId: "", cancellationToken);
        return new RunPreview { Pipeline = plan.Pipeline, Definition = plan.Definition, Steps = [.. plan.Steps.Select(StepPreview.Of)] };
    }

    private async Task<RunPlan> DecideAsync(CompiledPipeline pipeline, RunRequest request, RunFolder? folder, string planId, CancellationToken cancellationToken)
    {
        var selected = StepChoice.Of(pipeline, request);
        var snapshots = await ReadAllAsync(pipeline, cancellationToken);
        var now = clock.GetUtcNow();
        var last = snapshots.Values.SelectMany(s => s.Transactions.Where(t => t.Key.StartsWith("step/", StringComparison.Ordinal))).Select(t => t.Value).DefaultIfEmpty().Max();
        var planned = new Dictionary<TableKey, PlannedStep>();
        using var session = engine.OpenSession();
        foreach (var step in selected)
        {
            var work = Decide(request, step, step.Kind is StepKind.Ingest or StepKind.Clean ? pipeline.Source(step.Table) : null, snapshots);
            planned[step.Table] = (step.Kind, request) switch
            {
                (StepKind.Ingest, _) => await sources.PlanAsync(session, folder, planId, pipeline, work, snapshots.GetValueOrDefault(step.Table), cancellationToken),
                (StepKind.Clean, { Replay: { } replay }) => await ReplayAsync(session, pipeline, work, replay, snapshots, cancellationToken),
                (StepKind.Clean, { Backfill: { } range }) => await BackfillAsync(session, pipeline, work, range, snapshots, cancellationToken),
                (StepKind.Serve, _) => Served(work, pipeline.Serve(step.Table), snapshots, planned),
                _ => await CompareAsync(session, pipeline, work, snapshots, planned, cancellationToken),
            };
        }

        return new RunPlan
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
    }

    // Whether a table is made anew, whatever its input.
    private static PlannedStep Decide(RunRequest request, Step step, SourceDefinition? source, Dictionary<TableKey, DeltaSnapshot> snapshots)
    {
        var state = StepState.Of(snapshots.GetValueOrDefault(step.Table), step.Table);
        var why = request.FullRefresh ? "a full refresh was asked for"
            : step.Kind == StepKind.Serve ? null
            : state is null ? "the table is not built yet"
            : state.Definition != step.Definition ? "its definition changed"
            : step.Kind == StepKind.Clean && source?.Stream is null && NumberIn(step.Table) != NumberIn(step.Table with { Layer = "rejected" })
                ? $"it and rejected.{step.Table.Name} are not of the same run, because one ended between their commits or one of them was restored"
            : null;
        return new PlannedStep { Table = step.Table, Kind = step.Kind, Level = step.Level, Inputs = step.Inputs, Rebuild = why is not null, Why = why };

        long NumberIn(TableKey table) => snapshots.GetValueOrDefault(table)?.Transactions.GetValueOrDefault(StepWork.TransactionOf(step.Table), -1) ?? -1;
    }

    // Whether the inputs of a step moved, as far as the steps before it leave that open.
    private async Task<PlannedStep> CompareAsync(
        DuckDbSession session, CompiledPipeline pipeline, PlannedStep step, Dictionary<TableKey, DeltaSnapshot> snapshots, Dictionary<TableKey, PlannedStep> before, CancellationToken cancellationToken)
    {
        // What a clean step looks values up in makes it wait, but does not make it judge again what it has judged.
        IReadOnlyList<TableKey> read = step.Kind == StepKind.Clean ? [.. step.Inputs.Where(i => i.Layer == "bronze")] : step.Inputs;
        var open = read.Where(i => before.TryGetValue(Step.MakerOf(i), out var maker) && !maker.Unchanged).ToList();
        if (open.Count > 0)
        {
            return step with { Why = step.Why ?? $"{string.Join(", ", open)} may change in this run" };
        }

        if (read.Where(i => !snapshots.ContainsKey(i)).ToList() is { Count: > 0 } missing)
        {
            return step with { Why = $"{string.Join(", ", missing)} is not built yet, and not among the steps of this run" };
        }

        var inputs = read.Select(i => (Table: i, Snapshot: snapshots[i])).ToList();
        var known = StepState.Of(snapshots.GetValueOrDefault(step.Table), step.Table)?.Inputs;
        var moved = known is null ? read : await StepInputs.MovedAsync(tables, pipeline.Definition.Name, known, inputs, cancellationToken);
        var compared = step with
        {
            Unchanged = !step.Rebuild && moved.Count == 0,
            Reads = new StepReads { Files = inputs.Sum(i => i.Snapshot.Files.Count), Bytes = inputs.Sum(i => i.Snapshot.Bytes), Rows = inputs.Sum(i => i.Snapshot.Rows) },
            Why = step.Why ?? (moved.Count == 0
                ? "neither its input nor its definition changed"
                : $"{string.Join(", ", moved.Select(m => $"{m} has version {snapshots.GetValueOrDefault(m)?.Version}"))}, which it has not read yet"),
        };
        return step.Kind == StepKind.Clean && !compared.Rebuild && !compared.Unchanged ? await ScopeAsync(session, pipeline, compared, snapshots, cancellationToken) : compared;
    }

    // A plan asks no database. What the target has is found out by the step: it has nothing to do where that is the table's version.
    private static PlannedStep Served(PlannedStep step, ServeDefinition serve, Dictionary<TableKey, DeltaSnapshot> snapshots, Dictionary<TableKey, PlannedStep> before)
    {
        if (before.TryGetValue(Step.MakerOf(serve.Table), out var maker) && !maker.Unchanged)
        {
            return step with { Why = step.Why ?? $"{serve.Table} may change in this run" };
        }

        return snapshots.GetValueOrDefault(serve.Table) is { } table
            ? step with { Reads = new StepReads { Files = table.Files.Count, Bytes = table.Bytes, Rows = table.Rows }, Why = step.Why ?? $"{serve.Arrival} is asked whether it has version {table.Version} of {serve.Table}" }
            : step with { Why = $"{serve.Table} is not built yet, and not among the steps of this run" };
    }

    // A clean step reads what it has not seen, or all if the log does not tell what that is.
    private async Task<PlannedStep> ScopeAsync(
        DuckDbSession session, CompiledPipeline pipeline, PlannedStep step, Dictionary<TableKey, DeltaSnapshot> snapshots, CancellationToken cancellationToken)
    {
        var source = pipeline.Source(step.Table);
        var scope = await CleanScope.ReadAsync(CleanTables.Of(tables, pipeline.Definition.Name, step.Table, snapshots), session, source, rebuild: false, pipeline.Step(step.Table).Definition, cancellationToken);
        return step with
        {
            Rebuild = !scope.Incremental,
            Reads = new StepReads { Files = scope.Bronze.Files.Count, Bytes = scope.Bronze.Bytes, Rows = scope.Bronze.Rows },
            Why = scope.Why ?? step.Why,
        };
    }

    // A backfill reads what silver has read already, all of it: what arrived since is left to an ordinary run.
    private async Task<PlannedStep> BackfillAsync(
        DuckDbSession session, CompiledPipeline pipeline, PlannedStep step, DateRange range, Dictionary<TableKey, DeltaSnapshot> snapshots, CancellationToken cancellationToken)
    {
        var source = pipeline.Source(step.Table);
        var (bronze, silver) = await SourceBackfiller.SeenAsync(tables, session, pipeline.Definition.Name, source, step.Table, snapshots, cancellationToken);
        var files = silver.Files.Count(f => BackfillScope.IsWithin(range, silver.PartitionColumns, f));
        return step with
        {
            Rebuild = false,
            Backfill = new PlannedBackfill(range, bronze.Version),
            Reads = new StepReads { Files = bronze.Files.Count, Bytes = bronze.Bytes, Rows = bronze.Rows },
            Why = $"a backfill of {range} was asked for: {files} of {silver.Files.Count} files lie in it",
        };
    }

    // A replay too reads what silver has read already: rejected rows are of that.
    private async Task<PlannedStep> ReplayAsync(
        DuckDbSession session, CompiledPipeline pipeline, PlannedStep step, ReplayRequest replay, Dictionary<TableKey, DeltaSnapshot> snapshots, CancellationToken cancellationToken)
    {
        var source = pipeline.Source(step.Table);
        var (bronze, _) = await SourceBackfiller.SeenAsync(tables, session, pipeline.Definition.Name, source, step.Table, snapshots, cancellationToken, SourceReplayer.Replayed);
        replay.Apply(session, CleanSql.WithDetected(source, StepState.Of(bronze, step.Table with { Layer = "bronze" })?.Columns ?? []), [.. bronze.Schema.Fields.Select(f => f.Name)]);
        var rejected = snapshots.GetValueOrDefault(step.Table with { Layer = "rejected" });
        return step with
        {
            Rebuild = false,
            Replay = new PlannedReplay(replay, bronze.Version),
            Reads = new StepReads { Files = rejected?.Files.Count ?? 0, Bytes = rejected?.Bytes ?? 0, Rows = rejected?.Rows ?? 0 },
            Why = $"a replay was asked for: {replay}",
        };
    }

    private async Task<Dictionary<TableKey, DeltaSnapshot>> ReadAllAsync(CompiledPipeline pipeline, CancellationToken cancellationToken)
    {
        var all = pipeline.Steps.Where(s => s.Kind != StepKind.Serve).Select(s => s.Table).Concat(pipeline.Definition.Sources.Select(s => new TableKey("rejected", s.Name)));
        var read = await Task.WhenAll(all.Select(async t => (Table: t, Snapshot: await tables.Open(pipeline.Definition.Name, t).ReadAsync(null, cancellationToken))));
        return read.Where(r => r.Snapshot is not null).Select(r => (r.Table, Snapshot: r.Snapshot ?? throw new InvalidOperationException())).ToDictionary(r => r.Table, r => r.Snapshot);
    }
}
