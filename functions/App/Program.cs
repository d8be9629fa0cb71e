using Azure.Data.Tables;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pipeline.App;
using Pipeline.App.Api;
using Pipeline.App.Audit;
using Pipeline.App.Maintenance;
using Pipeline.App.Pipelines;
using Pipeline.App.Runs;
using Pipeline.App.Schemas;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion;
using Pipeline.Medallion.Lineage.OpenLineage;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Streaming;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseWhen<AuditMiddleware>(AuditedOperations.Has);
builder.UseWhen<ProblemMiddleware>(context => context.FunctionDefinition.InputBindings.Values.Any(b => b.Type == "httpTrigger"));
builder.UseWhen<RegistryErrors>(RegistryErrors.IsFor);

var storage = StorageSettings.Read(builder.Configuration);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(storage.CreateEngineOptions(builder.Configuration));
builder.Services.AddSingleton<ILake>(_ => storage.CreateLake());
builder.Services.AddSingleton<TableServiceClient>(_ => storage.CreateTables());
builder.Services.AddSingleton(new LineageOptions { Account = storage.AccountName });
builder.Services.AddSingleton(new StreamOptions { Hub = builder.Configuration["EventHub:Name"] });
builder.Services.AddSingleton(new Connections(builder.Configuration.GetSection("Connections").GetChildren().Select(c => KeyValuePair.Create(c.Key, c.Value))));
builder.Services.AddMedallion(shippedPipelines: Path.Combine(AppContext.BaseDirectory, "pipelines"));
builder.Services.AddSingleton<PipelineCatalog>();
builder.Services.AddSingleton<RunControl>();
builder.Services.AddSingleton<MaintenanceControl>();
builder.Services.AddHostedService<StorageSetup>();

builder.Build().Run();
