using System.Net.Http.Json;
using System.Text.Json;

namespace Pipeline.Local.Emulators;

/// <summary>Looks whether a broker of this kind already answers.</summary>
public static class BrokerProbe
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(5);

    /// <summary>Asks the control endpoint, on the port after the broker's. Something else on one of the two ports is a stranger.</summary>
    public static async Task<Found> LookAsync(int port, CancellationToken cancellationToken)
    {
        if (!await StorageProbe.ListensAsync(port + 1, cancellationToken))
        {
            return await StorageProbe.ListensAsync(port, cancellationToken) ? Found.Stranger : Found.Nothing;
        }

        try
        {
            using var client = new HttpClient { Timeout = AnswerDeadline };
            var status = await client.GetFromJsonAsync<BrokerStatus>(Broker.ControlAddress(port), cancellationToken);
            return status?.BootstrapServers == Broker.BootstrapServersFor(port) ? Found.Ours : Found.Stranger;
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return Found.Stranger;
        }
    }

    private sealed record BrokerStatus(string? BootstrapServers);
}
