using Azure.Storage.Blobs;
using Pipeline.Faults.Storage;
using Pipeline.Local.Emulators;

namespace Pipeline.Faults;

/// <summary>A storage account of its own, the proxy before it, and the app behind that.</summary>
public sealed class Sandbox : IAsyncDisposable
{
    // Every write that is counted is to be the run's.
    private static readonly Dictionary<string, string> WithoutStreams = new() { ["AzureWebJobs.IngestEvents.Disabled"] = "true", ["AzureWebJobs.WatchEvents.Disabled"] = "true" };
    private readonly BlobServiceClient storage;

    private Sandbox(StorageProxy proxy, string account, BlobServiceClient storage, IReadOnlyDictionary<string, string> settings)
    {
        this.storage = storage;
        Account = account;
        Proxy = proxy;
        Folder = Path.Combine(Path.GetTempPath(), "pipeline-faults", $"{Environment.ProcessId}-{account}");
        App = new App(proxy.ConnectionString(account), Folder, WithoutStreams.Concat(settings).ToDictionary());
        Api = new Api(App.Api);
    }

    public string Account { get; }

    public StorageProxy Proxy { get; }

    public App App { get; }

    public Api Api { get; }

    /// <summary>The app's logs and scratch files; deleted at the end, unless kept.</summary>
    public string Folder { get; }

    public bool KeepFolder { get; set; }

    public static Task<Sandbox> CreateAsync(Emulator emulator, CancellationToken cancellationToken) => CreateAsync(emulator, new Dictionary<string, string>(), cancellationToken);

    /// <summary>Creates a sandbox whose app has further settings.</summary>
    public static async Task<Sandbox> CreateAsync(Emulator emulator, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var account = emulator.TakeAccount();
        var port = emulator.Azurite.BlobPort;
        var direct = new BlobServiceClient(Azurite.ConnectionStringFor(port, port + 1, port + 2, account));
        return new Sandbox(await StorageProxy.StartAsync(emulator.Azurite, cancellationToken), account, direct, settings);
    }

    /// <summary>Puts files into a container, past the proxy.</summary>
    public async Task UploadAsync(string container, IReadOnlyDictionary<string, string> files, CancellationToken cancellationToken)
    {
        var target = storage.GetBlobContainerClient(container);
        await target.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        foreach (var (path, content) in files)
        {
            await target.GetBlobClient(path).UploadAsync(BinaryData.FromString(content), overwrite: true, cancellationToken);
        }
    }

    /// <summary>Starts the app, or starts it again.</summary>
    /// <returns>False if it ended before it was healthy.</returns>
    public Task<bool> StartAppAsync(CancellationToken cancellationToken) => App.StartAsync(Api.Http, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Proxy.DisposeAsync();
        Api.Dispose();
        if (!KeepFolder && Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
