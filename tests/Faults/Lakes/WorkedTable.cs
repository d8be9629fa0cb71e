using Azure.Storage.Blobs;
using Pipeline.Faults.Storage;
using Pipeline.Lakehouse.Storage;
using Pipeline.Local.Emulators;

namespace Pipeline.Faults.Lakes;

/// <summary>The table that workers share: on an account of its own of the emulator.</summary>
internal static class WorkedTable
{
    private const string ConnectionVariable = "PIPELINE_FAULTS_LAKE";

    public static LakePath Root { get; } = new("silver", "faults/orders");

    /// <summary>The environment of workers on a fresh account, and the lake for this process.</summary>
    public static async Task<(BlobLake Lake, IReadOnlyDictionary<string, string> Environment)> CreateAsync(Emulator emulator, CancellationToken cancellationToken)
    {
        var port = emulator.Azurite.BlobPort;
        var connection = Azurite.ConnectionStringFor(port, port + 1, port + 2, emulator.TakeAccount());
        var lake = Open(connection);
        await lake.CreateContainerAsync(Root.Container, cancellationToken);
        return (lake, new Dictionary<string, string> { [ConnectionVariable] = connection });
    }

    /// <summary>The lake as a worker finds it.</summary>
    public static BlobLake OpenFromEnvironment() =>
        Open(Environment.GetEnvironmentVariable(ConnectionVariable) ?? throw new InvalidOperationException($"{ConnectionVariable} is not set: workers are started by the programme itself."));

    private static BlobLake Open(string connection) => new(new BlobServiceClient(connection, BlobLake.Options()));
}
