using Azure.Storage.Blobs;
using Pipeline.Faults.Storage;
using Pipeline.Lakehouse.Storage;
using Pipeline.Local.Emulators;

namespace Pipeline.Faults.Streaming;

/// <summary>Storage that outlives a stop, a proxy before it, a broker, two instances of the app, and a producer.</summary>
internal sealed class StreamSandbox : IAsyncDisposable
{
    /// <summary>The event hub.</summary>
    public const string Hub = "events";

    /// <summary>The app's consumer group.</summary>
    public const string ConsumerGroup = "$Default";

    /// <summary>The pipeline.</summary>
    public const string Pipeline = "stream";

    // Partitions of an instance that was killed go to another so soon; real services take no less than six seconds.
    private const int SessionTimeoutMs = 1500;

    private readonly string folder;
    private readonly BrokerLag lag = new();
    private readonly Dictionary<string, string> settings = [];

    private StreamSandbox(TimeSpan pace, string folder, Azurite storage, Broker broker, StorageProxy proxy)
    {
        (Pace, this.folder, Storage, Broker, Proxy) = (pace, folder, storage, broker, proxy);
        settings["EventHub"] = $"BootstrapServers={broker.BootstrapServers};SessionTimeoutMs={SessionTimeoutMs}";
        settings["EventHub__Name"] = Hub;
        settings["EventHub__LiveConsumerGroup"] = "live";
        App = new App(proxy.ConnectionString(), Path.Combine(folder, "first"), settings);
        Second = new App(proxy.ConnectionString(), Path.Combine(folder, "second"), settings);
        Api = new Api(App.Api);
        Producer = new EventProducer(lag);
        Landed = new LandedEvents(new BlobLake(new BlobServiceClient(storage.ConnectionString, BlobLake.Options())));
        Connect();
    }

    /// <summary>The time over which half of a round's events are sent; what is disturbed is so for some of these.</summary>
    public TimeSpan Pace { get; }

    public Azurite Storage { get; private set; }

    public Broker Broker { get; private set; }

    public StorageProxy Proxy { get; }

    /// <summary>The instance that is there all the time, unless it is the fault.</summary>
    public App App { get; }

    /// <summary>A further instance, on the same storage and the same hub.</summary>
    public App Second { get; }

    public Api Api { get; }

    public EventProducer Producer { get; }

    /// <summary>What is in bronze, read past the proxy.</summary>
    public LandedEvents Landed { get; }

    /// <summary>The most bytes that were unread of a partition.</summary>
    public long MostUnreadBytes => lag.MostBytes;

    /// <summary>Whether logs and data are kept.</summary>
    public bool KeepFolder { get; set; }

    /// <summary>The apps' logs, and the storage's data.</summary>
    public string Folder => folder;

    public static async Task<StreamSandbox> StartAsync(TimeSpan pace, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-faults-stream-").FullName;
        var storing = Azurite.StartAsync(Path.Combine(folder, "storage"), null, cancellationToken);
        var broker = await Broker.StartAsync([Hub], null, cancellationToken);
        var storage = await storing;
        var sandbox = new StreamSandbox(pace, folder, storage, broker, await StorageProxy.StartAsync(storage, cancellationToken));
        await sandbox.DefineAsync(cancellationToken);
        await sandbox.StartAppAsync(sandbox.App, cancellationToken);
        return sandbox;
    }

    /// <summary>Starts an instance and waits until it is healthy.</summary>
    /// <exception cref="TimeoutException">It ended as it started.</exception>
    public async Task StartAppAsync(App app, CancellationToken cancellationToken)
    {
        if (!await app.StartAsync(Api.Http, cancellationToken))
        {
            throw new TimeoutException($"The app ended as it started. Its log: {folder}");
        }
    }

    /// <summary>Stops app, broker and storage.</summary>
    public async Task StopAllAsync()
    {
        await App.StopAsync();
        await Broker.DisposeAsync();
        await Storage.DisposeAsync();
    }

    /// <summary>Starts storage, broker and app on the ports that they had; the broker has forgotten everything.</summary>
    public async Task StartAllAsync(CancellationToken cancellationToken)
    {
        Storage = await Azurite.StartAsync(Path.Combine(folder, "storage"), Storage.BlobPort, cancellationToken);
        Broker = await Broker.StartAsync([Hub], Broker.Port, cancellationToken);
        Connect();
        await StartAppAsync(App, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Producer.Dispose();
        await App.DisposeAsync();
        await Second.DisposeAsync();
        await Proxy.DisposeAsync();
        await Broker.DisposeAsync();
        await Storage.DisposeAsync();
        lag.Dispose();
        Api.Dispose();
        if (!KeepFolder)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void Connect()
    {
        lag.Watch(Broker.Control);
        Producer.Connect(Broker.BootstrapServers);
    }

    private async Task DefineAsync(CancellationToken cancellationToken)
    {
        var container = new BlobContainerClient(Storage.ConnectionString, "pipelines");
        await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "pipelines", Pipeline, "pipeline.yaml"), cancellationToken);
        await container.GetBlobClient($"{Pipeline}/pipeline.yaml").UploadAsync(BinaryData.FromString(yaml), overwrite: true, cancellationToken);
    }
}
