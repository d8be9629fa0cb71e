using Pipeline.App.Api;
using Pipeline.App.Audit;
using Pipeline.App.Catalog;
using Pipeline.App.Events;
using Pipeline.App.Health;
using Pipeline.App.Maintenance;
using Pipeline.App.Mart;
using Pipeline.App.Pipelines;
using Pipeline.App.Push;
using Pipeline.App.Quality;
using Pipeline.App.Rejected;
using Pipeline.App.Runs;
using Pipeline.App.Sources;
using Pipeline.App.Streaming;
using Pipeline.App.Tables;
using Pipeline.App.Webhooks;
using Pipeline.Medallion.Audit;
using Pipeline.Medallion.Catalog;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Maintenance;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Quality.Profiling;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Serving;
using Pipeline.Medallion.Sources.Health;
using Pipeline.Medallion.Sources.Webhook;
using Pipeline.Medallion.Streaming;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.App.OpenApi;

/// <summary>All operations of the API. A test holds this table against the functions.</summary>
internal static class Operations
{
    private static readonly Parameter Pipeline = new("name", "The pipeline's name.") { InRoute = true };
    private static readonly Parameter OfPipeline = new("pipeline", "Only those of this pipeline.");
    private static readonly Parameter RunId = new("id", "The run's id.") { InRoute = true };
    private static readonly Parameter MaintenanceId = new("id", "The maintenance's id.") { InRoute = true };
    private static readonly IReadOnlyList<Parameter> Table =
    [
        new("layer", "The table's layer.") { InRoute = true, Values = TableKey.Layers },
        new("pipeline", "The pipeline's name.") { InRoute = true },
        new("table", "The table's name.") { InRoute = true },
    ];

    private static readonly IReadOnlyList<Parameter> TableAtVersion =
    [
        .. Table,
        new("version", "The version to read; without it the newest.") { Number = (0, long.MaxValue, null) },
        new("asOf", "The time whose version is read, in ISO 8601; without an offset it is UTC."),
    ];

    private static readonly IReadOnlyList<Parameter> Aggregate =
    [
        new("pipeline", "The pipeline's name.") { InRoute = true },
        new("aggregate", "The live aggregate's name.") { InRoute = true },
    ];

    private static readonly Answer BadRequest = Error(400, "The request is not what is described here.");
    private static readonly Answer NoPipeline = Error(404, "There is no such pipeline.");
    private static readonly Answer NoAggregate = Error(404, "There is no such pipeline or live aggregate.");
    private static readonly Answer NoRun = Error(404, "There is no such run.");
    private static readonly Answer NoTable = Error(404, "There is no such table, or no such version of it.");
    private static readonly Answer BadDefinition = Error(422, "The definition cannot work; 'problems' says why, by file and line.");
    private static readonly Answer BadDefinitionOrBackfill = Error(422, "The definition cannot work; 'problems' says why, by file and line. Or such a backfill or replay cannot be; 'detail' says why.");
    private static readonly Answer CannotBeMet = Error(422, "What lies in the lake does not allow it.");

    public static IReadOnlyList<Operation> All { get; } =
    [
        new(nameof(PipelineRequests.ListPipelines), "get", "pipelines", "All pipelines, those with a broken definition among them.")
        {
            Answers = [Ok<IReadOnlyList<PipelineSummary>>("The pipelines, by name.")],
        },
        new(nameof(PipelineRequests.GetPipeline), "get", "pipelines/{name}", "A pipeline with its steps.")
        {
            Parameters = [Pipeline],
            Answers = [Ok<PipelineDescription>("The pipeline."), NoPipeline, BadDefinition],
        },
        new(nameof(RunRequests.StartRun), "post", "pipelines/{name}/runs", "Starts a run, unless one of the pipeline is going on.")
        {
            Parameters = [Pipeline],
            Body = typeof(StartRunBody),
            Answers =
            [
                new(202, "The run is accepted.", typeof(StartedRun)) { Header = ("Location", "Where the run can be followed.") },
                BadRequest, NoPipeline, Error(409, "A run of the pipeline is going on; 'runId' names it."), BadDefinitionOrBackfill,
            ],
        },
        new(nameof(RunRequests.PreviewRun), "post", "pipelines/{name}/plan", "What a run would do, and why, over which files and rows. Nothing is done.")
        {
            Parameters = [Pipeline],
            Body = typeof(StartRunBody),
            Answers = [Ok<RunPreview>("The steps, in their order."), BadRequest, NoPipeline, BadDefinitionOrBackfill],
        },
        new(nameof(RunRequests.ListRuns), "get", "runs", "Runs without their steps, newest first.")
        {
            Parameters = [OfPipeline, Limit("runs", RunRequests.MaxLimit, RunRequests.DefaultLimit)],
            Answers = [Ok<IReadOnlyList<RunRecord>>("The runs."), BadRequest],
        },
        new(nameof(RunRequests.GetRun), "get", "runs/{id}", "A run with its steps.")
        {
            Parameters = [RunId],
            Answers = [Ok<RunRecord>("The run."), NoRun],
        },
        new(nameof(RunRequests.TerminateRun), "post", "runs/{id}/terminate", "Stops a run. What its steps committed stays.")
        {
            Parameters = [RunId],
            Answers = [Ok<RunRecord>("The run; one that had ended already is as it was."), NoRun],
        },
        new(nameof(LineageRequests.GetRunLineage), "get", "runs/{id}/lineage", "The OpenLineage events of a run (https://openlineage.io/spec/2-0-2/OpenLineage.json), by time.")
        {
            Parameters = [RunId],
            Answers = [Ok<IReadOnlyList<System.Text.Json.Nodes.JsonObject>>("The events; those of its steps are there when the run has ended."), NoRun],
        },
        new(nameof(EventRequests.ListEvents), "get", "events", "What happened, oldest first: runs, steps, schemas. Ask again with 'after' for what is new; no event comes later with a lower number.")
        {
            Parameters =
            [
                new("type", "Only events of this type, such as run.failed, or of those that begin with it, such as run."),
                new("source", "Only events of this source: a pipeline with its tables, or one table as pipeline/layer.table."),
                new("after", "Only events after this number.") { Number = (0, long.MaxValue, 0) },
                Limit("events", EventLog.MaxLimit, EventRequests.DefaultLimit),
            ],
            Answers = [Ok<EventPage>("The events, and in 'last' the number to go on from."), BadRequest],
        },
        new(nameof(AuditRequests.ListAudit), "get", "audit", "Who did what, when, from where, and what became of it, newest first: whatever changes something, and whatever shows rows.")
        {
            Parameters =
            [
                new("who", "Only entries of this caller."),
                new("what", "Only entries of this kind, such as run.start, or of those that begin with it, such as run."),
                new("target", "Only entries with this path of the API, or with one below it, such as pipelines/northwind."),
                new("from", "Only entries not before this time, in ISO 8601; without an offset it is UTC."),
                new("to", "Only entries before this time."),
                Limit("entries", AuditLog.MaxLimit, AuditRequests.DefaultLimit),
            ],
            Answers = [Ok<IReadOnlyList<AuditEntry>>("The entries."), BadRequest],
        },
        new(nameof(LiveRequests.Negotiate), "post", "live/negotiate", "Where a SignalR client connects to hear of events as they happen. Clients ask this by themselves when they are given 'live' as their address.")
        {
            Answers = [Ok<LiveConnection>("The hub's address, and a token for an hour.")],
        },
        new(nameof(StreamRequests.ListStreams), "get", "streams", "The sources that take events: how far each partition is in bronze, how far silver is behind.")
        {
            Answers = [Ok<IReadOnlyList<StreamSummary>>("The sources, by pipeline.")],
        },
        new(nameof(LiveRequests.GetLive), "get", "live/{pipeline}/{aggregate}", "A live aggregate as it stands: its newest windows, with the groups in them.")
        {
            Parameters = [.. Aggregate, new("windows", "How many windows.") { Number = (1, LiveRequests.MaxWindows, LiveRequests.DefaultWindows) }],
            Answers = [Ok<LiveAnswer>("The windows, oldest first."), BadRequest, NoAggregate],
        },
        new(nameof(LiveRequests.CompareLive), "get", "live/{pipeline}/{aggregate}/comparison", "What a live aggregate counted in closed windows, beside what a query over silver gives for them.")
        {
            Parameters = [.. Aggregate, new("windows", "How many windows, the newest first.") { Number = (1, LiveComparer.MaxWindows, LiveRequests.DefaultCompared) }],
            Answers = [Ok<LiveComparison>("How many groups are equal, and those that are not."), BadRequest, NoAggregate],
        },
        new(nameof(TableRequests.ListTables), "get", "tables", "All tables with their size.")
        {
            Parameters = [OfPipeline],
            Answers = [Ok<IReadOnlyList<TableSummary>>("The tables, by layer."), CannotBeMet],
        },
        new(nameof(TableRequests.GetTable), "get", "tables/{layer}/{pipeline}/{table}", "A table's columns, size and history.")
        {
            Parameters = TableAtVersion,
            Answers = [Ok<TableDescription>("The table."), BadRequest, NoTable, CannotBeMet],
        },
        new(nameof(TableRequests.PreviewTable), "get", "tables/{layer}/{pipeline}/{table}/preview", "The first rows of a table.")
        {
            Parameters = [.. TableAtVersion, Limit("rows", TableRequests.MaxLimit, TableRequests.DefaultLimit)],
            Answers = [Ok<QueryAnswer>("The rows."), BadRequest, NoTable, CannotBeMet],
        },
        new(nameof(TableRequests.RestoreTable), "post", "tables/{layer}/{pipeline}/{table}/restore", "Makes a table what it was at a version or a time, by a new commit.")
        {
            Parameters = Table,
            Body = typeof(RestoreBody),
            Answers = [Ok<RestoredTable>("The table's new version."), BadRequest, NoTable, Error(409, "A run of the pipeline is going on; 'runId' names it."), CannotBeMet],
        },
        new(nameof(ProfileRequests.ProfileTable), "post", "quality/{layer}/{pipeline}/{table}/profile", "What a table's values are like, and the rules that they would keep.")
        {
            Parameters = TableAtVersion,
            Body = typeof(ProfileRequest),
            Answers = [Ok<TableProfile>("The profile; 'suggestion' is YAML for pipeline.yaml."), BadRequest, NoTable, CannotBeMet],
        },
        new(nameof(MaintenanceRequests.StartMaintenance), "post", "maintenance", "Starts a maintenance of tables: retention, optimize, checkpoint, log clean-up and vacuum.")
        {
            Body = typeof(StartMaintenanceBody),
            Answers =
            [
                new(202, "The maintenance is accepted.", typeof(StartedMaintenance)) { Header = ("Location", "Where the maintenance can be followed.") },
                BadRequest, Error(404, "There is no such pipeline, or no such table of it."),
            ],
        },
        new(nameof(MaintenanceRequests.ListMaintenance), "get", "maintenance", "Maintenances without their tables, newest first.")
        {
            Parameters = [Limit("maintenances", MaintenanceRequests.MaxLimit, MaintenanceRequests.DefaultLimit)],
            Answers = [Ok<IReadOnlyList<MaintenanceRecord>>("The maintenances."), BadRequest],
        },
        new(nameof(MaintenanceRequests.GetMaintenance), "get", "maintenance/{id}", "A maintenance with what it did to each table.")
        {
            Parameters = [MaintenanceId],
            Answers = [Ok<MaintenanceRecord>("The maintenance."), Error(404, "There is no such maintenance.")],
        },
        new(nameof(CatalogRequests.ListCatalog), "get", "catalog", "All tables: what is in them, where it comes from, what it becomes and how good it is.")
        {
            Parameters = [OfPipeline, new("search", "Only those with this text in their name or description, or in those of a column.")],
            Answers = [Ok<IReadOnlyList<CatalogTable>>("The tables, by layer."), CannotBeMet],
        },
        new(nameof(CatalogRequests.GetCatalogTable), "get", "catalog/{layer}/{pipeline}/{table}", "A table with the lineage of its columns.")
        {
            Parameters = [.. Table.Where(parameter => parameter.InRoute)],
            Answers = [Ok<CatalogTableDetail>("The table."), BadRequest, Error(404, "There is no such table."), CannotBeMet],
        },
        new(nameof(QualityRequests.GetQuality), "get", "quality/{pipeline}", "The verdicts on a pipeline's batches: scores, tiers, and every check with its first failing rows.")
        {
            Parameters = [Table[1], new("run", "Those of this run; without it the newest of each table.")],
            Answers = [Ok<QualityAnswer>("The verdicts, by table; none for a table for which nothing was read."), NoPipeline, BadDefinition],
        },
        new(nameof(QualityRequests.GetQualityTrend), "get", "quality/{pipeline}/trend", "The verdicts on the last batches without their checks, oldest first.")
        {
            Parameters = [Table[1], new("table", "Of this table of silver only, such as silver.orders."), Limit("batches", QualityResults.MaxTrend, QualityRequests.DefaultTrend)],
            Answers = [Ok<QualityAnswer>("The verdicts."), BadRequest, NoPipeline, BadDefinition],
        },
        new(nameof(ReplayRequests.ReplayRejected), "post", "rejected/{pipeline}/{table}/replay", "Starts a run that tries rejected rows again by the rules of now: those that pass move to silver.")
        {
            Parameters = [Table[1], new("table", "The source, by which its tables are named.") { InRoute = true }],
            Body = typeof(ReplayBody),
            Answers =
            [
                new(202, "The run is accepted.", typeof(StartedRun)) { Header = ("Location", "Where the run can be followed.") },
                BadRequest, NoPipeline, Error(409, "A run of the pipeline is going on; 'runId' names it."), BadDefinitionOrBackfill,
            ],
        },
        new(nameof(SourceRequests.ListSources), "get", "sources", "All sources, and how they are doing: whether they can be reached, the last run that looked, the last rows, how far they are behind.")
        {
            Parameters = [OfPipeline, new("check", "Ask them now whether they can be reached; without it, what they answered last.") { IsFlag = true }],
            Answers = [Ok<IReadOnlyList<SourceHealth>>("The sources, by pipeline."), BadRequest, NoPipeline, BadDefinition],
        },
        new(nameof(WebhookRequests.ReceiveWebhook), "post", "webhooks/{pipeline}/{source}", "Takes a delivery for a source with the connector webhook: an object, or a list of them. It is signed, and durable when this answers; the source's next ingest step takes it.")
        {
            Parameters = [Table[1], new("source", "The source's name.") { InRoute = true }],
            Body = typeof(System.Text.Json.Nodes.JsonNode),
            Answers =
            [
                new(202, "It is durable.", typeof(WebhookReceipt)), Error(401, "It is not signed by who knows the secret, or not now."),
                Error(404, "There is no such pipeline or source, or none that takes deliveries."), Error(413, "It is larger than 1 MiB."), CannotBeMet,
            ],
        },
        new(nameof(PipelineRequests.GetMetrics), "get", "metrics/{name}", "A pipeline's metrics on its tables as they are now.")
        {
            Parameters = [Pipeline],
            Answers = [Ok<IReadOnlyList<MetricValue>>("The metrics."), NoPipeline, BadDefinition],
        },
        new(nameof(SqlRequests.RunSql), "post", "mart/sql", "Answers one SELECT over a pipeline's tables, within limits of time, rows and bytes.")
        {
            Body = typeof(SqlBody),
            Answers = [Ok<QueryAnswer>("The rows."), Error(400, "The request is not what is described here, or the query cannot be answered."), NoTable, CannotBeMet],
        },
        .. MartOperations.All,
        .. LearningOperations.All,
        new(nameof(HealthRequests.GetHealth), "get", "health", "Whether the app can do its work.")
        {
            NeedsKey = false,
            Answers = [Ok<HealthReport>("It can.")],
        },
        new(nameof(OpenApiRequests.GetOpenApi), "get", "openapi.json", "This document.")
        {
            NeedsKey = false,
            Answers = [Ok<System.Text.Json.Nodes.JsonObject>("The document.")],
        },
        .. RegistryOperations.All,
    ];

    private static Parameter Limit(string what, long max, long byDefault) => new("limit", $"At most so many {what}.") { Number = (1, max, byDefault) };

    private static Answer Ok<T>(string description) => new(200, description, typeof(T));

    private static Answer Error(int status, string description) => new(status, description, typeof(Problem));
}
