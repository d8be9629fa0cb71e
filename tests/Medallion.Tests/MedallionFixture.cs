using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Audit;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Schemas;
using Pipeline.Medallion.Sources.Health;
using Pipeline.Medallion.Streaming.Live;
using Pipeline.Medallion.Tests;
using Pipeline.Testing;

[assembly: AssemblyFixture(typeof(MedallionFixture))]

namespace Pipeline.Medallion.Tests;

/// <summary>The whole floor over one Azurite, composed as the app composes it. Tests keep apart by the names of their pipelines.</summary>
public class MedallionFixture : IAsyncLifetime
{
    private readonly AzuriteFixture azurite = new();
    private readonly string scratch = Directory.CreateTempSubdirectory("medallion-").FullName;
    private readonly List<ServiceProvider> floors = [];

    public static string ShippedPipelines { get; } = Path.Combine(AppContext.BaseDirectory, "pipelines");

    public string ConnectionString => azurite.ConnectionString;

    public string OtherConnectionString => azurite.OtherConnectionString;

    public IServiceProvider Floor { get; private set; } = new ServiceCollection().BuildServiceProvider();

    public async ValueTask InitializeAsync()
    {
        await azurite.InitializeAsync();
        Floor = Compose(TimeProvider.System);
        await Floor.GetRequiredService<LakeTables>().CreateContainersAsync(CancellationToken.None);
        await Floor.GetRequiredService<RunStore>().CreateAsync(CancellationToken.None);
        await Floor.GetRequiredService<StepStore>().CreateAsync(CancellationToken.None);
        await Floor.GetRequiredService<SchemaRegistry>().CreateAsync(CancellationToken.None);
        await Floor.GetRequiredService<EventLog>().CreateAsync(CancellationToken.None);
        await Floor.GetRequiredService<LiveStore>().CreateAsync(CancellationToken.None);
        await Floor.GetRequiredService<AuditLog>().CreateAsync(CancellationToken.None);
        await Floor.GetRequiredService<SourceCheckStore>().CreateAsync(CancellationToken.None);
    }

    /// <summary>Another instance of the app over the same storage: nothing in memory or on scratch disk is shared.</summary>
    public IServiceProvider Compose(TimeProvider clock, Action<IServiceCollection>? change = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(clock);
        services.AddSingleton(new EngineOptions { ScratchFolder = Path.Combine(scratch, $"{floors.Count}") });
        services.AddSingleton<ILake>(new BlobLake(new BlobServiceClient(azurite.ConnectionString)));
        services.AddSingleton(new TableServiceClient(azurite.ConnectionString));
        services.AddMedallion(ShippedPipelines);
        change?.Invoke(services);
        var floor = services.BuildServiceProvider(validateScopes: true);
        lock (floors)
        {
            floors.Add(floor);
        }

        return floor;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var floor in floors)
        {
            await floor.DisposeAsync();
        }

        await azurite.DisposeAsync();
        Directory.Delete(scratch, recursive: true);
        GC.SuppressFinalize(this);
    }
}
