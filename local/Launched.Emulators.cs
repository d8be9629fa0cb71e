using Pipeline.Local.Emulators;

namespace Pipeline.Local;

/// <summary>What stands in for Azure's services: storage and event hubs.</summary>
internal sealed partial class Launched
{
    private const string MoveStorage = "End it, or move the emulator's three ports with --storage-port or PIPELINE_STORAGE_PORT.";
    private const string MoveBroker = "End it, use it with --broker if it speaks the Kafka protocol, or move the broker's two ports with --broker-port or PIPELINE_BROKER_PORT.";

    private async Task StartStorageAsync(Screen screen, CancellationToken cancellationToken)
    {
        var (first, last) = (settings.StoragePort, settings.StoragePort + 2);
        var answering = new List<StorageEndpoint>();
        foreach (var endpoint in Enum.GetValues<StorageEndpoint>())
        {
            var found = await StorageProbe.LookAsync(first, endpoint, cancellationToken);
            if (found == Found.Stranger)
            {
                throw new LaunchException(
                    $"Port {first + (int)endpoint}, needed for the storage emulator ({endpoint}), is taken by something that is not a storage emulator. {MoveStorage}");
            }

            if (found == Found.Ours)
            {
                answering.Add(endpoint);
            }
        }

        if (answering.Count == 3)
        {
            screen.Line($"Using the storage emulator that runs on ports {first} to {last}.");
            return;
        }

        if (answering.Count > 0)
        {
            throw new LaunchException($"Port {first + (int)answering[0]} has a storage emulator, but not all of the ports {first} to {last} have one. {MoveStorage}");
        }

        Directory.CreateDirectory(settings.AzuriteFolder);
        azurite = await screen.WaitingAsync("Starting Azurite, the storage emulator …", Azurite.StartAsync(settings.AzuriteFolder, settings.StoragePort, cancellationToken));
    }

    private async Task StartBrokerAsync(Screen screen, CancellationToken cancellationToken)
    {
        if (settings.Broker is not null)
        {
            return;
        }

        switch (await BrokerProbe.LookAsync(settings.BrokerPort, cancellationToken))
        {
            case Found.Ours:
                screen.Line($"Using the event broker that runs on port {settings.BrokerPort}.");
                break;
            case Found.Stranger:
                throw new LaunchException($"Port {settings.BrokerPort} or {settings.BrokerPort + 1}, needed for the event broker, is taken by something else. {MoveBroker}");
            default:
                broker = await screen.WaitingAsync("Starting the event broker …", Broker.StartAsync([Settings.EventHubName], settings.BrokerPort, cancellationToken));
                break;
        }
    }
}
