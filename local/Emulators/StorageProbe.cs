using System.Net;
using System.Net.Sockets;

namespace Pipeline.Local.Emulators;

/// <summary>What is found on a port.</summary>
public enum Found
{
    /// <summary>Nobody listens.</summary>
    Nothing,

    /// <summary>What was looked for.</summary>
    Ours,

    /// <summary>Something else listens.</summary>
    Stranger,
}

/// <summary>The emulator's endpoints, in the order of their ports.</summary>
public enum StorageEndpoint
{
    Blobs,
    Queues,
    Tables,
}

/// <summary>Looks whether a storage emulator already answers.</summary>
public static class StorageProbe
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(5);

    /// <summary>Asks an endpoint for a listing: storage answers with a request id of its own, whether or not it lets one in.</summary>
    public static async Task<Found> LookAsync(int firstPort, StorageEndpoint endpoint, CancellationToken cancellationToken)
    {
        var port = firstPort + (int)endpoint;
        if (!await ListensAsync(port, cancellationToken))
        {
            return Found.Nothing;
        }

        try
        {
            using var client = new HttpClient { Timeout = AnswerDeadline };
            var listing = endpoint == StorageEndpoint.Tables ? "/Tables" : "?comp=list";
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/{Azurite.AccountName}{listing}"), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return answer.Headers.Contains("x-ms-request-id") ? Found.Ours : Found.Stranger;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return Found.Stranger;
        }
    }

    /// <summary>Whether anything accepts connections on a loopback port.</summary>
    public static async Task<bool> ListensAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);

            // A connection to a port that the system lends to connections may get that very port for its own end, and so reach itself.
            return !Equals(client.Client.LocalEndPoint, client.Client.RemoteEndPoint);
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
