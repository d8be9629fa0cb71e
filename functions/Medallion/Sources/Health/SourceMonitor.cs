using System.Diagnostics;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Streaming;

namespace Pipeline.Medallion.Sources.Health;

/// <summary>Tells how sources are doing, and asks them whether they can be reached.</summary>
public sealed class SourceMonitor
{
    private const int RunsLookedAt = 10;
    private const int ChecksAtOnce = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly DefinitionStore definitions;
    private readonly LakeTables tables;
    private readonly SourceConnectors connectors;
    private readonly SecretUses secrets;
    private readonly SourceCheckStore checks;
    private readonly RunStore runs;
    private readonly StepStore steps;
    private readonly StreamOptions streams;
    private readonly TimeProvider clock;

    internal SourceMonitor(
        DefinitionStore definitions,
        LakeTables tables,
        SourceConnectors connectors,
        SecretUses secrets,
        SourceCheckStore checks,
        RunStore runs,
        StepStore steps,
        StreamOptions streams,
        TimeProvider clock)
    {
        (this.definitions, this.tables, this.connectors, this.secrets, this.checks) = (definitions, tables, connectors, secrets, checks);
        (this.runs, this.steps, this.streams, this.clock) = (runs, steps, streams, clock);
    }

    /// <summary>All sources, by pipeline and in the order of its definition; a pipeline whose definition cannot work has none.</summary>
    /// <param name="pipeline">Of this pipeline only; null: of all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnknownPipelineException">There is no such pipeline.</exception>
    /// <exception cref="DefinitionException">The definition of the pipeline that was asked for cannot work.</exception>
    public async Task<IReadOnlyList<SourceHealth>> ListAsync(string? pipeline, CancellationToken cancellationToken)
    {
        var all = new List<SourceHealth>();
        foreach (var compiled in await PipelinesAsync(pipeline, cancellationToken))
        {
            var name = compiled.Definition.Name;
            var checkedOnes = await checks.ListAsync(name, cancellationToken);
            var looked = await LookedAsync(compiled, cancellationToken);
            foreach (var source in compiled.Definition.Sources)
            {
                var health = await ReadAsync(name, source, looked.GetValueOrDefault(source.Name), cancellationToken);
                all.Add(health with { Check = checkedOnes.GetValueOrDefault(source.Name) });
            }
        }

        return all;
    }

    /// <summary>Asks sources whether they can be reached, and keeps the answers.</summary>
    /// <param name="pipeline">Of this pipeline only; null: of all.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public async Task CheckAsync(string? pipeline, CancellationToken cancellationToken)
    {
        var sources = (await PipelinesAsync(pipeline, cancellationToken)).SelectMany(p => p.Definition.Sources.Select(s => (Pipeline: p.Definition.Name, Source: s)));
        await Parallel.ForEachAsync(sources, new ParallelOptions { MaxDegreeOfParallelism = ChecksAtOnce, CancellationToken = cancellationToken }, async (item, token) =>
            await checks.NoteAsync(item.Pipeline, item.Source.Name, await AskAsync(item.Pipeline, item.Source, token), token));
    }

    private async Task<SourceCheck> AskAsync(string pipeline, SourceDefinition source, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var (reachable, detail) = (false, "");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await secrets.NoteAsync("check", pipeline, source, cancellationToken);
            detail = source.Stream is { } stream ? BoundTo(stream) : await connectors.Of(source).CheckAsync(source, patience.Token);
            reachable = true;
        }
        catch (LakehouseException error)
        {
            detail = error.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            detail = $"It did not answer within {Patience.TotalSeconds:0} s.";
        }

        return new SourceCheck { CheckedUtc = clock.GetUtcNow(), Reachable = reachable, Milliseconds = (long)Stopwatch.GetElapsedTime(begun).TotalMilliseconds, Detail = detail };
    }

    private string BoundTo(StreamDefinition stream) => streams.Hub is { } hub && string.Equals(stream.Hub ?? hub, hub, StringComparison.OrdinalIgnoreCase)
        ? $"the app is bound to the hub '{hub}'"
        : throw new TerminalException($"The source takes the events of the hub '{stream.Hub ?? "default"}', but the app is bound to {(streams.Hub is { } bound ? $"'{bound}'" : "none")} (setting EventHub__Name).");

    private async Task<IReadOnlyList<CompiledPipeline>> PipelinesAsync(string? pipeline, CancellationToken cancellationToken)
    {
        if (pipeline is not null)
        {
            return [await definitions.LoadAsync(pipeline, cancellationToken)];
        }

        var found = new List<CompiledPipeline>();
        foreach (var name in await definitions.ListAsync(cancellationToken))
        {
            try
            {
                found.Add(await definitions.LoadAsync(name, cancellationToken));
            }
            catch (Exception error) when (error is DefinitionException or UnknownPipelineException)
            {
                // GET /api/pipelines says what is wrong with it.
            }
        }

        return found;
    }

    // A run of some steps only may not have looked at all sources: the ones before did.
    private async Task<Dictionary<string, (RunRecord Run, StepRecord Step)>> LookedAsync(CompiledPipeline pipeline, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, (RunRecord, StepRecord)>(StringComparer.Ordinal);
        var wanted = pipeline.Definition.Sources.Where(s => s.Stream is null).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var run in await runs.ListAsync(pipeline.Definition.Name, RunsLookedAt, cancellationToken))
        {
            foreach (var step in (await steps.ListAsync(run.Id, cancellationToken)).Where(s => s.Kind == StepKind.Ingest && s.Status is not (StepStatus.Pending or StepStatus.Skipped)))
            {
                if (wanted.Remove(step.Table.Name))
                {
                    found[step.Table.Name] = (run, step);
                }
            }

            if (wanted.Count == 0)
            {
                break;
            }
        }

        return found;
    }

    private async Task<SourceHealth> ReadAsync(string pipeline, SourceDefinition source, (RunRecord Run, StepRecord Step) looked, CancellationToken cancellationToken)
    {
        var table = new TableKey("bronze", source.Name);
        var bronze = await tables.Open(pipeline, table).ReadAsync((long?)null, cancellationToken);
        var state = StepState.Of(bronze, table);

        // A step that had nothing to do has no end of its own: its run was planned then.
        var run = looked.Step is { } step ? new SourceRun(looked.Run.Id, step.Status, step.Status == StepStatus.Running ? null : step.EndedUtc ?? looked.Run.StartedUtc, step.Error) : null;
        return new SourceHealth
        {
            Pipeline = pipeline,
            Source = source.Name,
            Connector = source.Connector,
            Arrival = source.Arrival,
            Connection = source.Connection,
            Rows = bronze?.Rows ?? 0,
            LastRun = run,
            LastLoad = bronze is null || state is null ? null : new SourceLoad(
                source.Stream is null ? state.RunId : null, bronze.CommittedUtc, state.Rows.In, await RateAsync(state, table, source, cancellationToken)),
            LagSeconds = source.Stream is { } stream ? DelayOf(bronze, stream) : run is { Status: not (StepStatus.Failed or StepStatus.Running), EndedUtc: { } ended } ? Math.Round((clock.GetUtcNow() - ended).TotalSeconds, 3)
                : bronze is null ? null : Math.Round((clock.GetUtcNow() - bronze.CommittedUtc).TotalSeconds, 3),
        };
    }

    // How old the newest event was when it was committed.
    private double? DelayOf(DeltaSnapshot? bronze, StreamDefinition stream) =>
        bronze is null || StreamPosition.AllOf(bronze, stream.Hub ?? streams.Hub ?? "").ToList() is not { Count: > 0 } positions ? null
            : Math.Round((bronze.CommittedUtc - positions.Max(p => p.Position.EnqueuedUtc)).TotalSeconds, 3);

    private async Task<double?> RateAsync(StepState state, TableKey table, SourceDefinition source, CancellationToken cancellationToken) =>
        source.Stream is null && (await steps.ListAsync(state.RunId, cancellationToken)).FirstOrDefault(s => s.Table == table) is { Seconds: > 0 } step ? Math.Round(state.Rows.In / step.Seconds, 1) : null;
}
