using Azure.Core;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Audit;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Catalog;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Lineage;
using Pipeline.Medallion.Lineage.OpenLineage;
using Pipeline.Medallion.Maintenance;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Prediction;
using Pipeline.Medallion.Push;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Quality.Profiling;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Scheduling;
using Pipeline.Medallion.Schemas;
using Pipeline.Medallion.Schemas.Sources;
using Pipeline.Medallion.Serving;
using Pipeline.Medallion.Serving.Targets;
using Pipeline.Medallion.Silver;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.Database;
using Pipeline.Medallion.Sources.Entities;
using Pipeline.Medallion.Sources.File;
using Pipeline.Medallion.Sources.File.Remote;
using Pipeline.Medallion.Sources.Health;
using Pipeline.Medallion.Sources.Rest;
using Pipeline.Medallion.Sources.Webhook;
using Pipeline.Medallion.Streaming;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.Medallion;

/// <summary>Puts the floor together.</summary>
public static partial class MedallionServices
{
    /// <summary>Registers what a pipeline needs. The caller registers <see cref="ILake"/>, <see cref="TableServiceClient"/>, <see cref="EngineOptions"/> and <see cref="TimeProvider"/>, and where sources are opened by the app's identity a <see cref="TokenCredential"/>.</summary>
    /// <param name="services">Receives the registrations.</param>
    /// <param name="shippedPipelines">The folder of the pipelines that ship with the app.</param>
    public static IServiceCollection AddMedallion(this IServiceCollection services, string shippedPipelines)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton<Engine>();
        services.AddSingleton(s => new FileCache(s.GetRequiredService<ILake>(), Path.Combine(s.GetRequiredService<Engine>().Scratch, "cache"), s.GetRequiredService<EngineOptions>().ScratchBytes / 2));
        services.AddSingleton<LakeTables>();
        services.AddSingleton<TableReader>();
        services.AddSingleton(s => new DataFileWriter(s.GetRequiredService<ILake>(), s.GetRequiredService<FileCache>()));
        services.AddSingleton<DefinitionCompiler>();
        services.AddSingleton(s => new DefinitionStore(s.GetRequiredService<ILake>(), s.GetRequiredService<DefinitionCompiler>(), shippedPipelines));
        services.AddSingleton<RunStore>();
        services.AddSingleton<StepStore>();
        services.AddSingleton<SchemaRegistry>();
        services.AddSingleton(s => new EventLog(
            s.GetRequiredService<TableServiceClient>(), s.GetRequiredService<TimeProvider>(), s.GetService<ILogger<EventLog>>() ?? NullLogger<EventLog>.Instance));
        services.AddSingleton<RunEventWriter>();
        services.AddSingleton<ScoreMetrics>();
        services.AddSingleton<AnomalyEvents>();
        services.AddSingleton<AuditArchive>();
        services.AddSingleton(s => new AuditLog(
            s.GetRequiredService<TableServiceClient>(), s.GetRequiredService<AuditArchive>(), s.GetRequiredService<TimeProvider>(), s.GetService<ILogger<AuditLog>>() ?? NullLogger<AuditLog>.Instance));
        services.AddSingleton<PushCursorStore>();
        services.AddSingleton<EventPush>();
        services.AddSingleton(s => new SourceSchemas(
            s.GetRequiredService<SchemaRegistry>(), s.GetRequiredService<EventLog>(), s.GetRequiredService<LakeTables>(), s.GetService<ILogger<SourceSchemas>>() ?? NullLogger<SourceSchemas>.Instance));
        services.AddSingleton(s => new StorageAccounts(s.GetRequiredService<Connections>(), s.GetRequiredService<RestOptions>(), s.GetService<TokenCredential>()));
        services.AddSingleton<LandingFiles>();
        services.AddSingleton<FileScanner>();
        services.AddSingleton<FileLander>();
        services.TryAddSingleton(new Connections([]));
        services.TryAddSingleton(new SqlOptions());
        services.AddSingleton<ISqlDialect, PostgreSqlDialect>();
        services.AddSingleton<ISqlDialect, MySqlDialect>();
        services.AddSingleton<ISqlDialect, SqlServerDialect>();
        AddOracle(services);
        services.AddSingleton<IClusterTrainer, KMeansTrainer>();
        AddMlNet(services);
        services.AddSingleton<FileSource>();
        services.AddSingleton<ISource>(s => s.GetRequiredService<FileSource>());
        services.AddSingleton<ISource, SqlSource>();
        services.TryAddSingleton(new RestOptions());
        services.AddSingleton<RestServers>();
        services.AddSingleton<ISource, RestSource>();
        services.AddSingleton<ISource, WebhookSource>();
        services.AddSingleton(s => new EntityAccounts(s.GetRequiredService<Connections>(), s.GetRequiredService<RestOptions>(), s.GetService<TokenCredential>()));
        services.AddSingleton<ISource, EntitySource>();
        services.AddSingleton(s => new WebhookInbox(s.GetRequiredService<ILake>(), s.GetRequiredService<DefinitionStore>(), s.GetRequiredService<Connections>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SourceConnectors>();
        services.AddSingleton<SecretUses>();
        services.AddSingleton<SourceCheckStore>();
        services.AddSingleton(s => new SourceMonitor(
            s.GetRequiredService<DefinitionStore>(),
            s.GetRequiredService<LakeTables>(),
            s.GetRequiredService<SourceConnectors>(),
            s.GetRequiredService<SecretUses>(),
            s.GetRequiredService<SourceCheckStore>(),
            s.GetRequiredService<RunStore>(),
            s.GetRequiredService<StepStore>(),
            s.GetRequiredService<StreamOptions>(),
            s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SourceLander>();
        services.AddSingleton<SourceCommitter>();
        services.AddSingleton(s => CleanLimits.Of(s.GetRequiredService<EngineOptions>()));
        services.AddSingleton<NewestModels>();
        services.AddSingleton(s => new RowScoring(s.GetRequiredService<NewestModels>(), s.GetService<ILogger<RowScoring>>() ?? NullLogger<RowScoring>.Instance));
        services.AddSingleton<SourceCleaner>();
        services.AddSingleton<SourceBackfiller>();
        services.AddSingleton<SourceReplayer>();
        services.AddSingleton<PartCleaner>();
        services.AddSingleton<BucketCleaner>();
        services.AddSingleton<CleanCloser>();
        services.AddSingleton<ModelBuilder>();
        services.AddSingleton<ITargetDialect, PostgreSqlTarget>();
        services.AddSingleton<ITargetDialect, MySqlTarget>();
        services.AddSingleton<ITargetDialect, SqlServerTarget>();
        services.AddSingleton<TableServer>();
        services.AddSingleton<MetricEvaluator>();
        services.AddSingleton<QualityRecorder>();
        services.TryAddSingleton(new StreamOptions());
        services.AddSingleton<StreamMetrics>();
        services.AddSingleton<StreamRoutes>();
        services.AddSingleton(s => new EventSchemas(s.GetRequiredService<SchemaRegistry>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new LiveStore(s.GetRequiredService<TableServiceClient>()));
        services.AddSingleton<ClosedWindows>();
        services.AddSingleton(s => new StreamStatus(s.GetRequiredService<StreamRoutes>(), s.GetRequiredService<StreamOptions>(), s.GetRequiredService<LakeTables>()));
        services.AddSingleton(s => new LivePush(s.GetRequiredService<StreamRoutes>(), s.GetRequiredService<LiveReader>(), s.GetRequiredService<LiveStore>()));
        services.AddSingleton(s => new LiveWatch(
            s.GetRequiredService<StreamRoutes>(),
            s.GetRequiredService<EventSchemas>(),
            target => new ProvisionalCount(target, s.GetRequiredService<LakeTables>(), s.GetRequiredService<Engine>(), s.GetRequiredService<TableReader>(), s.GetRequiredService<LiveStore>(), s.GetRequiredService<TimeProvider>()),
            s.GetRequiredService<TimeProvider>(),
            s.GetService<ILogger<LiveWatch>>() ?? NullLogger<LiveWatch>.Instance));
        services.AddSingleton(s => new LiveReader(s.GetRequiredService<DefinitionStore>(), s.GetRequiredService<LiveStore>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<StreamLander>();
        services.AddSingleton<StreamCleaner>();
        services.AddSingleton(s =>
        {
            var logger = s.GetService<ILogger<StreamIngest>>() ?? NullLogger<StreamIngest>.Instance;
            return new StreamIngest(
                s.GetRequiredService<StreamRoutes>(),
                s.GetRequiredService<EventSchemas>(),
                new GapWatch(s.GetRequiredService<LakeTables>(), s.GetRequiredService<EventLog>(), s.GetRequiredService<StreamMetrics>(), logger),
                s.GetRequiredService<StreamLander>(),
                s.GetRequiredService<StreamCleaner>(),
                new LiveWindows(
                    s.GetRequiredService<LakeTables>(), s.GetRequiredService<Engine>(), s.GetRequiredService<TableReader>(), s.GetRequiredService<LiveStore>(), s.GetRequiredService<ClosedWindows>(), s.GetRequiredService<TimeProvider>(), logger),
                new UnroutedEvents(s.GetRequiredService<LakeTables>(), s.GetRequiredService<Engine>(), s.GetRequiredService<DataFileWriter>(), s.GetRequiredService<TimeProvider>(), logger),
                s.GetRequiredService<EventLog>(),
                s.GetRequiredService<StreamMetrics>(),
                s.GetRequiredService<TimeProvider>(),
                logger);
        });
        services.AddSingleton<SourcePlanner>();
        services.AddSingleton<RunPlanner>();
        services.AddSingleton(s => new QualityResults(
            s.GetRequiredService<LakeTables>(), s.GetRequiredService<Engine>(), s.GetRequiredService<TableReader>(), s.GetRequiredService<DefinitionStore>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LineageReader>();
        services.AddSingleton(s => new PipelineMetrics(s.GetRequiredService<DefinitionStore>(), s.GetRequiredService<MetricEvaluator>()));
        services.AddSingleton(s => new NewestSnapshots(s.GetRequiredService<ILake>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new TableCatalog(s.GetRequiredService<LakeTables>(), s.GetRequiredService<NewestSnapshots>(), s.GetRequiredService<Engine>(), s.GetRequiredService<TableReader>()));
        services.AddSingleton(s => new TableProfiler(s.GetRequiredService<TableCatalog>(), s.GetRequiredService<Engine>(), s.GetRequiredService<TableReader>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<DueRuns>();
        services.AddSingleton<MaintenanceStore>();
        services.AddSingleton<TableMaintenance>();
        services.AddSingleton(s => new LakeMaintenance(
            s.GetRequiredService<DefinitionStore>(), s.GetRequiredService<LakeTables>(), s.GetRequiredService<TableMaintenance>(), s.GetRequiredService<MaintenanceStore>(), s.GetRequiredService<EventLog>()));
        services.AddSingleton(s => new LineageLog(
            s.GetRequiredService<LakeTables>(),
            s.GetRequiredService<DefinitionStore>(),
            s.GetRequiredService<LineageReader>(),
            s.GetRequiredService<RunStore>(),
            s.GetRequiredService<StepStore>(),
            new LineageNames(s.GetService<LineageOptions>() ?? new LineageOptions()),
            s.GetRequiredService<TimeProvider>(),
            s.GetService<ILogger<LineageLog>>() ?? NullLogger<LineageLog>.Instance));
        services.AddSingleton(s => new DataCatalog(s.GetRequiredService<LakeTables>(), s.GetRequiredService<DefinitionStore>(), s.GetRequiredService<LineageReader>()));
        services.AddSingleton(s => new LiveComparer(s.GetRequiredService<LiveReader>(), s.GetRequiredService<LakeTables>(), s.GetRequiredService<SqlQuery>()));
        services.AddSingleton(s => new QueryGate(s.GetRequiredService<EngineOptions>()));
        services.AddSingleton(s => new SqlQuery(
            s.GetRequiredService<TableCatalog>(), s.GetRequiredService<Engine>(), s.GetRequiredService<TableReader>(), s.GetRequiredService<QueryGate>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new MartSessions(s.GetRequiredService<Engine>(), s.GetRequiredService<TableReader>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new DataMart(
            s.GetRequiredService<TableCatalog>(), s.GetRequiredService<DefinitionStore>(), s.GetRequiredService<MartSessions>(), s.GetRequiredService<QueryGate>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new ModelRegistry(s.GetRequiredService<ILake>()));
        services.AddSingleton<ILearner, ClusterTraining>();
        services.AddSingleton<ILearner, ForecastTraining>();
        services.AddSingleton<ILearner, PredictionTraining>();
        services.AddSingleton<ILearner, MetricAnomalies>();
        services.AddSingleton<LearnedTables>();
        services.AddSingleton(s => new ModelScoring(s.GetRequiredService<DataMart>(), s.GetRequiredService<ModelRegistry>()));
        services.AddSingleton(s => new PipelineSteps(
            s.GetRequiredService<RunPlanner>(),
            s.GetRequiredService<SourcePlanner>(),
            s.GetRequiredService<DefinitionStore>(),
            s.GetRequiredService<SourceLander>(),
            s.GetRequiredService<SourceCommitter>(),
            s.GetRequiredService<SourceCleaner>(),
            s.GetRequiredService<SourceBackfiller>(),
            s.GetRequiredService<SourceReplayer>(),
            s.GetRequiredService<PartCleaner>(),
            s.GetRequiredService<BucketCleaner>(),
            s.GetRequiredService<CleanCloser>(),
            s.GetRequiredService<ModelBuilder>(),
            s.GetRequiredService<LearnedTables>(),
            s.GetRequiredService<TableServer>(),
            s.GetRequiredService<MetricEvaluator>(),
            s.GetRequiredService<LakeTables>(),
            s.GetRequiredService<RunStore>(),
            s.GetRequiredService<StepStore>(),
            s.GetRequiredService<LineageLog>(),
            s.GetRequiredService<QualityRecorder>(),
            s.GetRequiredService<RunEventWriter>(),
            s.GetRequiredService<AnomalyEvents>(),
            s.GetRequiredService<SourceSchemas>()));
        return services;
    }

    static partial void AddOracle(IServiceCollection services);

    static partial void AddMlNet(IServiceCollection services);
}
