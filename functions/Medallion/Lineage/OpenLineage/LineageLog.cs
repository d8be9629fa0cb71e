using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Lineage.OpenLineage;

/// <summary>Keeps the OpenLineage events of runs on the lake: one file as a run begins, one as it ends with those of its steps. A repeat writes the same file anew.</summary>
/// <remarks><c>pipelines/.lineage/PIPELINE/yyyy/mm/dd/RUN/start.ndjson</c> and <c>end.ndjson</c>, one event a line. What goes wrong here is logged and fails no run.</remarks>
public sealed class LineageLog
{
    private readonly LakeTables tables;
    private readonly DefinitionStore definitions;
    private readonly LineageReader reader;
    private readonly RunStore runs;
    private readonly StepStore steps;
    private readonly LineageNames names;
    private readonly TimeProvider clock;
    private readonly ILogger logger;

    internal LineageLog(LakeTables tables, DefinitionStore definitions, LineageReader reader, RunStore runs, StepStore steps, LineageNames names, TimeProvider clock, ILogger logger) =>
        (this.tables, this.definitions, this.reader, this.runs, this.steps, this.names, this.clock, this.logger) = (tables, definitions, reader, runs, steps, names, clock, logger);

    /// <summary>The events of a run by time; none where it has none (yet).</summary>
    public async Task<IReadOnlyList<JsonObject>> ReadAsync(string runId, CancellationToken cancellationToken)
    {
        var events = new List<JsonObject>();
        await foreach (var file in tables.Lake.ListAsync(Folder(runId), cancellationToken))
        {
            var text = Encoding.UTF8.GetString(await tables.Lake.ReadAsync(file.Path, cancellationToken) ?? []);
            events.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)).OfType<JsonObject>());
        }

        return [.. events.OrderBy(e => e["eventTime"]?.GetValue<string>(), StringComparer.Ordinal)];
    }

    /// <summary>Tells that a run begins.</summary>
    internal Task BeginAsync(RunPlan plan, CancellationToken cancellationToken) => TryAsync(plan.RunId, "start", async () =>
    {
        var pipeline = await definitions.LoadFrozenAsync(plan.Pipeline, plan.Definition, cancellationToken);
        var due = plan.Steps.Where(step => !step.Unchanged).Select(step => step.Table).ToList();
        return [new RunEvents(names, plan.RunId, plan.Pipeline, pipeline).OfRun("START", plan.TimeUtc, plan.TimeUtc, due)];
    }, cancellationToken);

    /// <summary>Tells that a run ended, and of its steps.</summary>
    internal Task EndAsync(RunEnd end, string? error, CancellationToken cancellationToken) => TryAsync(end.RunId, "end", async () =>
    {
        var run = await runs.FindAsync(end.RunId, cancellationToken);
        var started = run?.StartedUtc ?? Started(end.RunId).Time;
        var pipeline = end.Definition is { } hash ? await definitions.LoadFrozenAsync(end.Pipeline, hash, cancellationToken) : null;
        var began = (await steps.ListAsync(end.RunId, cancellationToken)).Where(step => step.StartedUtc is not null).ToList();
        var made = began.Where(step => step.Status == StepStatus.Succeeded).ToList();
        var read = pipeline is null ? new Dictionary<TableKey, DeltaSnapshot>() : await ReadTablesAsync(pipeline, made, cancellationToken);
        var events = new RunEvents(names, end.RunId, end.Pipeline, pipeline)
        {
            Tables = read,
            Lineage = pipeline is not null && made.Exists(step => step.Kind != StepKind.Ingest)
                ? reader.Read(pipeline, read.Where(table => table.Key.Layer == "bronze").ToDictionary(table => table.Key, table => table.Value))
                : null,
        };
        var closing = events.OfRun(error is null ? "COMPLETE" : "FAIL", run?.EndedUtc ?? clock.GetUtcNow(), started, [.. began.Select(step => step.Table)], error);
        IEnumerable<JsonObject> opening = pipeline is null ? [events.OfRun("START", started, started, [])] : [];
        return [.. opening, .. began.SelectMany(events.OfStep), closing];
    }, cancellationToken);

    private static (string Pipeline, DateTimeOffset Time) Started(string runId) =>
        RunStore.TryParse(runId, out var pipeline, out var number) ? (pipeline, DateTimeOffset.FromUnixTimeMilliseconds(number)) : ("unknown", DateTimeOffset.UnixEpoch);

    private static LakePath Folder(string runId)
    {
        var (pipeline, time) = Started(runId);
        return new LakePath("pipelines", $".lineage/{pipeline}/{time.UtcDateTime.ToString("yyyy'/'MM'/'dd", CultureInfo.InvariantCulture)}/{runId}");
    }

    // What the steps made, at the versions that they made; and what arrived, which lineage needs. Nothing where nothing was made.
    private async Task<IReadOnlyDictionary<TableKey, DeltaSnapshot>> ReadTablesAsync(CompiledPipeline pipeline, List<StepRecord> made, CancellationToken cancellationToken)
    {
        var versions = made.Where(step => step.Kind != StepKind.Serve).ToDictionary(step => step.Table, step => step.Version);
        foreach (var source in pipeline.Definition.Sources.Where(_ => made.Count > 0))
        {
            versions.TryAdd(new TableKey("bronze", source.Name), null);
            if (versions.ContainsKey(new TableKey("silver", source.Name)))
            {
                versions.TryAdd(new TableKey("rejected", source.Name), null);
            }
        }

        var read = await Task.WhenAll(versions.Select(async table => (table.Key, Snapshot: await tables.Open(pipeline.Definition.Name, table.Key).ReadAsync(table.Value, cancellationToken))));
        return read.Where(table => table.Snapshot is not null).ToDictionary(table => table.Key, table => table.Snapshot ?? throw new InvalidOperationException());
    }

    private async Task TryAsync(string runId, string file, Func<Task<IReadOnlyList<JsonObject>>> tell, CancellationToken cancellationToken)
    {
        try
        {
            var lines = (await tell()).Select(told => told.ToJsonString() + "\n");
            await tables.Lake.WriteAsync(Folder(runId).Append($"{file}.ndjson"), Encoding.UTF8.GetBytes(string.Concat(lines)), cancellationToken);
        }
#pragma warning disable CA1031 // Lineage tells of runs; whatever goes wrong with it, the run itself is not to fail.
        catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
        {
            logger.NotTold(runId, file, error);
        }
    }
}
