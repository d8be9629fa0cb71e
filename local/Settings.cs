namespace Pipeline.Local;

/// <summary>Where things are on this machine: ports from the options or the environment, the state in a git-ignored folder.</summary>
internal sealed record Settings
{
    public const int DefaultAppPort = 7071;
    public const int DefaultStoragePort = 10000;

    public required int AppPort { get; init; }

    /// <summary>The emulator's blob port; queues and tables are on the next two.</summary>
    public required int StoragePort { get; init; }

    public required string StateFolder { get; init; }

    /// <summary>Pipeline.App.dll; the build knows where it lies.</summary>
    public required string AppFile { get; init; }

    public string AzuriteFolder => Path.Combine(StateFolder, "azurite");

    public string LandingFolder => Path.Combine(StateFolder, "landing");

    public string AppLog => Path.Combine(StateFolder, "logs", "app.log");

    public string RunningFile => Path.Combine(StateFolder, "running.json");

    public Uri Api => new($"http://127.0.0.1:{AppPort}/api/");

    public string ConnectionString => Emulators.Azurite.ConnectionStringFor(StoragePort, StoragePort + 1, StoragePort + 2);
}
