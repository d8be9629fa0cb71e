using System.Globalization;

namespace Pipeline.Local.Emulators;

/// <summary>Azurite, the storage emulator, as a child process on three neighbouring loopback ports.</summary>
public sealed class Azurite : IAsyncDisposable
{
    /// <summary>The emulator's published account; it opens nothing but an emulator on this machine.</summary>
    public const string AccountName = "devstoreaccount1";

    /// <summary>The emulator's published key.</summary>
    public const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private readonly ChildProcess process;

    private Azurite(ChildProcess process, int blobPort)
    {
        this.process = process;
        BlobPort = blobPort;
    }

    /// <summary>Port of the blob endpoint; queues are on the next one, tables on the one after that.</summary>
    public int BlobPort { get; }

    /// <summary>The connection string that all storage clients take.</summary>
    public string ConnectionString => ConnectionStringFor(BlobPort, BlobPort + 1, BlobPort + 2);

    public int ProcessId => process.Id;

    /// <summary>Ends when the emulator has ended, for whatever reason.</summary>
    public Task Exited => process.Exited;

    /// <summary>What the emulator last printed, for an error message.</summary>
    public string LastOutput => process.LastOutput;

    /// <summary>The folder whose node_modules hold the emulator and the sample data.</summary>
    public static string NpmFolder { get; } = BuildMetadata.Of("NpmDir");

    /// <summary>A connection string for the emulator behind the given ports.</summary>
    public static string ConnectionStringFor(int blobPort, int queuePort, int tablePort, string account = AccountName) => string.Create(
        CultureInfo.InvariantCulture,
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={AccountKey};BlobEndpoint=http://127.0.0.1:{blobPort}/{account};QueueEndpoint=http://127.0.0.1:{queuePort}/{account};TableEndpoint=http://127.0.0.1:{tablePort}/{account};");

    /// <summary>Starts the emulator and waits until its three endpoints accept connections.</summary>
    /// <param name="folder">Where its state is kept; null keeps it in memory.</param>
    /// <param name="blobPort">The first of three ports; null takes free ones.</param>
    /// <param name="cancellationToken">Gives up waiting and stops the emulator.</param>
    /// <exception cref="LaunchException">Node.js is missing or too old, a port is taken, or the emulator ended at once; the message says which.</exception>
    public static Task<Azurite> StartAsync(string? folder, int? blobPort, CancellationToken cancellationToken) => StartAsync(folder, blobPort, [AccountName], cancellationToken);

    /// <summary>Starts the emulator with accounts of other names, all with the published key: each is as empty as an emulator of its own.</summary>
    /// <inheritdoc cref="StartAsync(string?, int?, CancellationToken)"/>
    public static async Task<Azurite> StartAsync(string? folder, int? blobPort, IEnumerable<string> accounts, CancellationToken cancellationToken)
    {
        var port = blobPort ?? FreePorts.Take(3);
        string[] arguments =
        [
            "--require", Path.Combine(NpmFolder, "end-with-parent.cjs"),
            Path.Combine(NpmFolder, "node_modules", "azurite", "dist", "src", "azurite.js"),
            "--blobPort", Text(port), "--queuePort", Text(port + 1), "--tablePort", Text(port + 2),
            .. folder is null ? ["--inMemoryPersistence", "--extentMemoryLimit", "8192"] : new[] { "--location", folder },
            "--silent", "--skipApiVersionCheck", "--disableTelemetry",
        ];
        var process = ChildProcess.Start(
            "node", arguments, new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = string.Join(';', accounts.Select(account => $"{account}:{AccountKey}")) }, workingFolder: null, logFile: null,
            "Node.js was not found: 'node' is needed to run Azurite. Install Node.js 20 or later (https://nodejs.org) and try again.");
        var azurite = new Azurite(process, port);
        try
        {
            await azurite.WaitUntilReadyAsync(cancellationToken);
            return azurite;
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the emulator so that its state is kept, and kills it if it does not end in time.</summary>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        for (var port = BlobPort; port < BlobPort + 3; port++)
        {
            await OpenPort.WaitAsync(process, port, "Azurite", StartDeadline, cancellationToken);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
