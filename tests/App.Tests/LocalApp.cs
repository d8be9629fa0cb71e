using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Pipeline.Local;
using Pipeline.Local.Emulators;

namespace Pipeline.App.Tests;

/// <summary>The real app as the launcher starts it, with an Azurite of its own.</summary>
internal sealed class LocalApp : IAsyncDisposable
{
    private readonly Azurite azurite;
    private readonly Broker? broker;
    private readonly AppProcess app;
    private readonly ApiClient launcher;
    private readonly Settings settings;

    private LocalApp(Azurite azurite, Broker? broker, AppProcess app, ApiClient launcher, Settings settings)
    {
        (this.azurite, this.broker, this.app, this.launcher, this.settings) = (azurite, broker, app, launcher, settings);
        Api = new Api(settings.Api);
        Storage = new BlobServiceClient(settings.ConnectionString);
        Tables = new TableServiceClient(settings.ConnectionString);
    }

    // A test is not to wait for a minute.
    private static IReadOnlyDictionary<string, string> Timers { get; } = new Dictionary<string, string>(Settings.DefaultAppSettings.Concat(Sources.RefusingServer.Connections)) { ["Scheduling__Timer"] = "*/5 * * * * *", ["Connections__hooks"] = $"Secret={Webhooks.SignedDelivery.Secret}" };

    public Api Api { get; }

    public BlobServiceClient Storage { get; }

    public TableServiceClient Tables { get; }

    /// <summary>The API's base URL.</summary>
    public Uri Root => settings.Api;

    public static string RepoRoot { get; } = Metadata("RepoRoot");

    /// <summary>Where events are sent to.</summary>
    public string BootstrapServers => broker?.BootstrapServers ?? throw new InvalidOperationException("The app has no broker.");

    /// <summary>Starts both.</summary>
    /// <param name="stateFolder">Logs and the sample's files; storage too, if it is to be kept.</param>
    /// <param name="keep">Whether storage is kept in the folder, or in memory.</param>
    /// <param name="events">Whether it has a broker for events.</param>
    public static async Task<LocalApp> StartAsync(string stateFolder, bool keep, bool events = false)
    {
        Directory.CreateDirectory(Path.Combine(stateFolder, "azurite"));
        var azurite = await Azurite.StartAsync(keep ? Path.Combine(stateFolder, "azurite") : null, null, CancellationToken.None);
        var broker = events ? await Broker.StartAsync([Settings.EventHubName], null, CancellationToken.None) : null;
        var settings = new Settings { AppPort = FreePorts.Take(), StoragePort = azurite.BlobPort, BrokerPort = broker?.Port ?? FreePorts.Take(2), StateFolder = stateFolder, AppFile = Metadata("App"), AppSettings = Timers };
        var launcher = new ApiClient(settings.Api);
        try
        {
            return new LocalApp(azurite, broker, await AppProcess.StartAsync(settings, launcher, CancellationToken.None), launcher, settings);
        }
        catch
        {
            launcher.Dispose();
            await (broker?.DisposeAsync() ?? ValueTask.CompletedTask);
            await azurite.DisposeAsync();
            throw;
        }
    }

    /// <summary>Uploads the sample's files; those that are there already are written again.</summary>
    public async Task LandSampleAsync()
    {
        await Sample.WriteAsync(Sample.Pipeline, settings.LandingFolder, CancellationToken.None);
        var landing = Storage.GetBlobContainerClient("landing");
        foreach (var file in Directory.EnumerateFiles(settings.LandingFolder, "*.json", SearchOption.AllDirectories))
        {
            await landing.GetBlobClient(Path.GetRelativePath(settings.LandingFolder, file)).UploadAsync(file, overwrite: true);
        }
    }

    /// <summary>Adds a file of a pipeline's definition, or one that arrives.</summary>
    public Task WriteAsync(string container, string path, string text) =>
        Storage.GetBlobContainerClient(container).GetBlobClient(path).UploadAsync(BinaryData.FromString(text), overwrite: true);

    /// <summary>Adds a pipeline with one source of CSV files, one row in it, and models.</summary>
    public async Task DefineAsync(string name, string metrics = "", params (string Path, string Sql)[] models)
    {
        await WriteAsync("pipelines", $"{name}/pipeline.yaml", string.Create(CultureInfo.InvariantCulture, $$"""
            name: {{name}}
            sources:
              items:
                connector: file
                path: {{name}}/*.csv
                key: [id]
                columns:
                  id: {from: id, type: bigint, required: true}
                  label: {from: label, type: varchar}
            {{metrics}}
            """));
        foreach (var (path, sql) in models)
        {
            await WriteAsync("pipelines", $"{name}/models/{path}.sql", sql);
        }

        await WriteAsync("landing", $"{name}/items.csv", "id,label\n1,one\n");
    }

    /// <summary>Every file of every table, with what identifies its content.</summary>
    public async Task<IReadOnlyList<string>> TableFilesAsync()
    {
        var files = new List<string>();
        foreach (var layer in new[] { "bronze", "silver", "gold", "rejected" })
        {
            await foreach (var blob in Storage.GetBlobContainerClient(layer).GetBlobsAsync())
            {
                files.Add($"{layer}/{blob.Name} {blob.Properties.ETag} {blob.Properties.ContentLength}");
            }
        }

        return files;
    }

    /// <summary>The app's log, as soon as it matches: it is written a moment after what it tells of.</summary>
    public async Task<string> LogAsync(string pattern)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            using var reader = new StreamReader(new FileStream(settings.AppLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            var log = await reader.ReadToEndAsync(CancellationToken.None);
            if (Regex.IsMatch(log, pattern))
            {
                return log;
            }

            Assert.False(deadline.IsCancellationRequested, $"The log has no match of {pattern}:{Environment.NewLine}{log}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        launcher.Dispose();
        await app.DisposeAsync();
        await (broker?.DisposeAsync() ?? ValueTask.CompletedTask);
        await azurite.DisposeAsync();
    }

    private static string Metadata(string key) => typeof(LocalApp).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == key).Value!;
}
