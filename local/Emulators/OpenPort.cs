using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Pipeline.Local.Emulators;

/// <summary>Waits for servers.</summary>
public static class OpenPort
{
    /// <summary>Waits until a server accepts connections on a loopback port.</summary>
    /// <param name="server">The server.</param>
    /// <param name="port">The port.</param>
    /// <param name="name">What a message calls it.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LaunchException">It ended, or did not open the port in time.</exception>
    public static async Task WaitAsync(ChildProcess server, int port, string name, TimeSpan patience, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(server);
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (server.HasExited)
            {
                await server.Exited;
                throw new LaunchException($"{name} ended with code {server.ExitCode} on port {port}: {server.LastOutput}");
            }

            if (waited.Elapsed > patience)
            {
                throw new LaunchException($"{name} did not open port {port} within {patience.TotalSeconds:0} s: {server.LastOutput}");
            }

            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, cancellationToken);
            }
        }
    }
}
