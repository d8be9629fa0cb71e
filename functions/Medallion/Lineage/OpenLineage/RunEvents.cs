using System.Text.Json.Nodes;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Lineage.OpenLineage;

/// <summary>Makes the OpenLineage events (https://openlineage.io/spec/2-0-2/OpenLineage.json) of one run.</summary>
/// <param name="names">How things are named.</param>
/// <param name="runId">The run.</param>
/// <param name="pipelineName">Its pipeline.</param>
/// <param name="pipeline">The definition that it works by; null where there never was one.</param>
internal sealed class RunEvents(LineageNames names, string runId, string pipelineName, CompiledPipeline? pipeline)
{
    private const string SchemaUrl = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

    /// <summary>What the run found and made, as far as it was read; none for the events of its beginning.</summary>
    public IReadOnlyDictionary<TableKey, DeltaSnapshot> Tables { get; init; } = new Dictionary<TableKey, DeltaSnapshot>();

    /// <summary>Where columns come from; null: not told.</summary>
    public PipelineLineage? Lineage { get; init; }

    /// <summary>An event of the whole run.</summary>
    /// <param name="type">START, COMPLETE, FAIL or ABORT.</param>
    /// <param name="at">When.</param>
    /// <param name="asked">When it was asked for.</param>
    /// <param name="steps">The steps that have work to do, or had.</param>
    /// <param name="error">Why it failed.</param>
    public JsonObject OfRun(string type, DateTimeOffset at, DateTimeOffset asked, IReadOnlyList<TableKey> steps, string? error = null)
    {
        var run = RunOf(null, ("nominalTime", Facets.NominalTime(asked)), ("errorMessage", error is null ? null : Facets.Error(error)));
        var job = JobOf(null, ("jobType", Facets.JobType("PIPELINE")), ("documentation", pipeline?.Definition.Description is { } text ? Facets.JobDocumentation(text) : null));
        var made = steps.Select(Known).OfType<Step>().SelectMany(Step.OutputsOf).ToList();
        var read = steps.Select(Known).OfType<Step>().SelectMany(step => Inputs(step, input => !made.Contains(input), isFull: false));
        return Event(type, at, run, job, new JsonArray([.. read.DistinctBy(input => input.ToJsonString())]), new JsonArray([.. made.Select(table => Output(table, isMade: false)), .. steps.Select(Known).OfType<Step>().SelectMany(Targets)]));
    }

    /// <summary>The events of a step that began: its START, and if it ended its COMPLETE or FAIL.</summary>
    public IEnumerable<JsonObject> OfStep(StepRecord record)
    {
        if (Known(record.Table) is not { } step || record.StartedUtc is not { } started)
        {
            yield break;
        }

        yield return OfStep("START", started, step, isMade: false, null);
        if (record.EndedUtc is { } ended && record.Status is StepStatus.Succeeded or StepStatus.Unchanged or StepStatus.Held or StepStatus.Failed)
        {
            yield return OfStep(record.Status == StepStatus.Failed ? "FAIL" : "COMPLETE", ended, step, record.Status == StepStatus.Succeeded, record.Error);
        }
    }

    private JsonObject OfStep(string type, DateTimeOffset at, Step step, bool isMade, string? error)
    {
        var parent = Facets.Parent(RunOf(null), JobOf(null));
        var run = RunOf(step.Table, ("parent", parent), ("errorMessage", error is null ? null : Facets.Error(error)));
        var model = step.Kind == StepKind.Model ? pipeline?.Model(step.Table) : null;
        var job = JobOf(
            step.Table,
            ("jobType", Facets.JobType(step.Kind.ToString().ToUpperInvariant())),
            ("documentation", model?.Description is { } text ? Facets.JobDocumentation(text) : null),
            ("sql", model is null ? null : Facets.Sql(model.Sql)));
        return Event(type, at, run, job, new JsonArray([.. Inputs(step, _ => true, isMade)]), new JsonArray([.. Step.OutputsOf(step).Select(table => Output(table, isMade)), .. Targets(step)]));
    }

    private Step? Known(TableKey table) => pipeline?.Steps.FirstOrDefault(step => step.Table == table);

    private IEnumerable<JsonObject> Inputs(Step step, Func<TableKey, bool> isWanted, bool isFull) => step.Kind == StepKind.Ingest && pipeline is not null
        ? [names.Arrival(pipeline.Source(step.Table))]
        : step.Inputs.Where(isWanted).Select(input => Dataset(input, VersionRead(step, input), isFull));

    private IEnumerable<JsonObject> Targets(Step step) => step.Kind == StepKind.Serve && pipeline is not null ? [LineageNames.Target(pipeline.Serve(step.Table))] : [];

    // The step's state is in the commit that it made: it says what was read.
    private string? VersionRead(Step step, TableKey input) =>
        StepState.Of(Tables.GetValueOrDefault(step.Table), step.Table)?.Inputs.GetValueOrDefault(input.ToString()) is { } identity ? identity[(identity.LastIndexOf('@') + 1)..] : null;

    private JsonObject Output(TableKey table, bool isMade)
    {
        var snapshot = Tables.GetValueOrDefault(table);
        var output = Dataset(table, snapshot is null ? null : Json.Write(snapshot.Version), isMade);
        if (isMade && output["facets"] is JsonObject facets && Lineage?.Tables.GetValueOrDefault(table) is { } lineage)
        {
            facets["columnLineage"] = Facets.ColumnLineage(lineage, source => names.Table(pipelineName, source.Table));
        }

        if (isMade && snapshot?.LastCommit is { } commit)
        {
            output["outputFacets"] = new JsonObject { ["outputStatistics"] = Facets.OutputStatistics(commit) };
        }

        return output;
    }

    // What a table is like is told once, by the step that read or made it.
    private JsonObject Dataset(TableKey table, string? version, bool isFull)
    {
        var facets = new JsonObject { ["dataSource"] = Facets.DataSource(names.Lake) };
        if (isFull && Tables.TryGetValue(table, out var snapshot))
        {
            facets["schema"] = Facets.Schema(snapshot.Schema, pipeline?.DescriptionsOf(table) ?? new Dictionary<string, string>());
            if (snapshot.Description is { } text)
            {
                facets["documentation"] = Facets.DatasetDocumentation(text);
            }
        }

        if (version is not null)
        {
            facets["version"] = Facets.Version(version);
        }

        var name = names.Table(pipelineName, table);
        return new JsonObject { ["namespace"] = name.Namespace, ["name"] = name.Name, ["facets"] = facets };
    }

    private JsonObject RunOf(TableKey? step, params ReadOnlySpan<(string Name, JsonObject? Facet)> facets) => With(new JsonObject { ["runId"] = LineageNames.RunId(runId, step) }, facets);

    private JsonObject JobOf(TableKey? step, params ReadOnlySpan<(string Name, JsonObject? Facet)> facets) =>
        With(new JsonObject { ["namespace"] = names.JobNamespace, ["name"] = step is null ? pipelineName : $"{pipelineName}.{step}" }, facets);

    private static JsonObject With(JsonObject owner, ReadOnlySpan<(string Name, JsonObject? Facet)> facets)
    {
        var all = new JsonObject();
        foreach (var (name, facet) in facets)
        {
            if (facet is not null)
            {
                all[name] = facet;
            }
        }

        if (all.Count > 0)
        {
            owner["facets"] = all;
        }

        return owner;
    }

    private static JsonObject Event(string type, DateTimeOffset at, JsonObject run, JsonObject job, JsonArray inputs, JsonArray outputs) => new()
    {
        ["eventTime"] = Facets.Time(at),
        ["producer"] = LineageNames.Producer,
        ["schemaURL"] = SchemaUrl,
        ["eventType"] = type,
        ["run"] = run,
        ["job"] = job,
        ["inputs"] = inputs,
        ["outputs"] = outputs,
    };
}
