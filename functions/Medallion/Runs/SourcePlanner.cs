using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Streaming;

namespace Pipeline.Medallion.Runs;

/// <summary>Finds out what there is to take of a source.</summary>
internal sealed class SourcePlanner(LakeTables tables, SourceConnectors connectors, SecretUses secrets, Engine engine, StreamOptions streams)
{
    /// <summary>Plans an ingest step. A source that cannot be looked at costs its own step only: the run looks again, and goes on with the others.</summary>
    /// <param name="session">Compares.</param>
    /// <param name="folder">Gets the parts; null: a preview.</param>
    /// <param name="planId">This attempt.</param>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="step">The step as far as it is decided.</param>
    /// <param name="snapshot">Its table; null where there is none.</param>
    /// <param name="cancellationToken">Ends the planning.</param>
    /// <exception cref="TerminalException">The source is of a hub to which the app is not bound.</exception>
    public async Task<PlannedStep> PlanAsync(
        DuckDbSession session, RunFolder? folder, string planId, CompiledPipeline pipeline, PlannedStep step, DeltaSnapshot? snapshot, CancellationToken cancellationToken)
    {
        var source = pipeline.Source(step.Table);
        if (source.Stream is { } stream)
        {
            return Streamed(step, source, stream, snapshot);
        }

        try
        {
            return await ScanAsync(session, folder, planId, pipeline, step, snapshot, cancellationToken);
        }
        catch (LakehouseException error)
        {
            return step with { Version = snapshot?.Version, Unscanned = true, Why = $"its source cannot be looked at: {error.Message}" };
        }
    }

    /// <summary>Looks again at a source that could not be looked at as the run was planned.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="work">The step.</param>
    /// <param name="scanId">This attempt.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="LakehouseException">It still cannot be looked at.</exception>
    public async Task<PlannedStep> ScanAgainAsync(CompiledPipeline pipeline, StepWork work, string scanId, CancellationToken cancellationToken)
    {
        var snapshot = work.PlannedVersion is { } version ? await tables.Open(work.Pipeline, work.Table).ReadAsync(version, cancellationToken) : null;
        var step = new PlannedStep { Table = work.Table, Kind = StepKind.Ingest, Level = 0, Rebuild = work.Rebuild, ScanId = scanId };
        using var session = engine.OpenSession();
        return (await ScanAsync(session, new RunFolder(tables.Lake, work.RunId), scanId, pipeline, step, snapshot, cancellationToken)) with { Why = null, Reads = null };
    }

    private async Task<PlannedStep> ScanAsync(
        DuckDbSession session, RunFolder? folder, string planId, CompiledPipeline pipeline, PlannedStep step, DeltaSnapshot? snapshot, CancellationToken cancellationToken)
    {
        var source = pipeline.Source(step.Table);
        if (source.Webhook is null)
        {
            await secrets.NoteAsync(folder?.RunId ?? "plan", pipeline.Definition.Name, source, cancellationToken);
        }

        var parts = new PartList(folder, planId, step.Table);
        var scan = await connectors.Of(source).ScanAsync(
            new ScanRequest
            {
                Source = source,
                Pipeline = pipeline.Definition.Name,
                Bronze = step.Table,
                State = step.Rebuild ? null : StepState.Of(snapshot, step.Table),
                Session = session,
                Parts = parts,
            },
            cancellationToken);
        return step with
        {
            Version = snapshot?.Version,
            Parts = parts.Count,
            Rebuild = step.Rebuild || scan.Rebuild,
            Unchanged = !step.Rebuild && !scan.Rebuild && parts.Count == 0,
            Reads = scan.Reads,
            Why = step.Why ?? scan.Why,
        };
    }

    // A stream lands by itself, and what has landed cannot be asked for again. Only its table is made, so that others can be built on it.
    private PlannedStep Streamed(PlannedStep step, SourceDefinition source, StreamDefinition stream, DeltaSnapshot? snapshot)
    {
        if (stream.Hub is { } hub && !string.Equals(hub, streams.Hub, StringComparison.OrdinalIgnoreCase))
        {
            throw new TerminalException($"Source '{source.Name}' takes the events of the hub '{hub}', but the app is bound to {(streams.Hub is { } bound ? $"'{bound}'" : "none")} (setting EventHub__Name): an app has one hub ({source.Line}).");
        }

        return step with
        {
            Version = snapshot?.Version,
            Rebuild = snapshot is null,
            Unchanged = snapshot is not null,
            Reads = new StepReads { Files = 0, Bytes = 0, Rows = 0 },
            Why = snapshot is null ? "no event has arrived yet" : "its events land as they arrive",
        };
    }
}
