namespace Pipeline.Local;

/// <summary>Where things are on this machine: ports from the options or the environment, the state in a git-ignored folder.</summary>
internal sealed record Settings
{
    public const int DefaultAppPort = 7071;
    public const int DefaultStoragePort = 10000;
    public const int DefaultBrokerPort = 9092;
    public const int DefaultPostgresPort = 5433;

    /// <summary>The event hub that events go to.</summary>
    public const string EventHubName = "events";

    public required int AppPort { get; init; }

    /// <summary>The emulator's blob port; queues and tables are on the next two.</summary>
    public required int StoragePort { get; init; }

    /// <summary>The port of the broker that is started here; its control endpoint is on the next one.</summary>
    public required int BrokerPort { get; init; }

    /// <summary>A broker that runs elsewhere, as HOST:PORT or as a connection string; null starts one here.</summary>
    public string? Broker { get; init; }

    /// <summary>The port of the PostgreSQL that the sample northwind-postgres reads from.</summary>
    public int PostgresPort { get; init; } = DefaultPostgresPort;

    public required string StateFolder { get; init; }

    /// <summary>Pipeline.App.dll; the build knows where it lies.</summary>
    public required string AppFile { get; init; }

    /// <summary>The app's settings beside those of storage: how often schedules are looked at, and when tables are looked after.</summary>
    public IReadOnlyDictionary<string, string> AppSettings { get; init; } = DefaultAppSettings;

    /// <summary>As in local.settings.sample.json.</summary>
    public static IReadOnlyDictionary<string, string> DefaultAppSettings { get; } = new Dictionary<string, string>
    {
        ["Scheduling__Timer"] = "0 * * * * *",
        ["Maintenance__Timer"] = "0 0 3 * * *",
        ["Push__Timer"] = "* * * * * *",
    };

    public string AzuriteFolder => Path.Combine(StateFolder, "azurite");

    public string PostgresFolder => Path.Combine(StateFolder, "postgres");

    public string LandingFolder => Path.Combine(StateFolder, "landing");

    /// <summary>The file in the state's folder <c>logs</c> that an instance of the app writes.</summary>
    public string AppLogName { get; init; } = "app.log";

    public string AppLog => Path.Combine(StateFolder, "logs", AppLogName);

    public string RunningFile => Path.Combine(StateFolder, "running.json");

    public Uri Api => new($"http://127.0.0.1:{AppPort}/api/");

    /// <summary>The event hubs' connection string; it may hold a secret.</summary>
    public string EventHub => Broker is null ? Emulators.Broker.ConnectionStringFor(BrokerPort)
        : Broker.Contains('=', StringComparison.Ordinal) ? Broker : $"BootstrapServers={Broker}";

    public string ConnectionString => Emulators.Azurite.ConnectionStringFor(StoragePort, StoragePort + 1, StoragePort + 2);
}
