using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Pipeline.Local.Broker;

/// <summary>
/// Listens on the port that was asked for and passes everything on to the mock cluster, whose own port cannot be chosen. Down, it refuses
/// connections and has cut the open ones, as a broker that is gone; the mock cluster keeps its data meanwhile.
/// </summary>
internal sealed class Relay(int port, int target) : IDisposable
{
    private const int BufferBytes = 128 * 1024;
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<Socket, bool> open = new();
    private TcpListener? listener;

    /// <summary>The port clients connect to.</summary>
    public int Port { get; private set; } = port;

    public bool IsUp
    {
        get
        {
            lock (gate)
            {
                return listener is not null;
            }
        }
    }

    /// <exception cref="BrokerException">The port is taken.</exception>
    public void Up()
    {
        lock (gate)
        {
            if (listener is null)
            {
                listener = Listen(Port);
                Port = ((IPEndPoint)listener.LocalEndpoint).Port;
                _ = AcceptAsync(listener);
            }
        }
    }

    public void Down()
    {
        lock (gate)
        {
            listener?.Dispose();
            listener = null;
            foreach (var socket in open.Keys)
            {
                socket.Dispose();
            }
        }
    }

    public void Dispose() => Down();

    private static TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException error)
        {
            listener.Dispose();
            throw new BrokerException($"Port {port} is unavailable ({error.Message}). Close the process that uses it, or choose another with --port.", error);
        }
    }

    private async Task AcceptAsync(TcpListener accepting)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await accepting.AcceptSocketAsync());
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Down.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var broker = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            open[client] = true;
            client.NoDelay = broker.NoDelay = true;
            await broker.ConnectAsync(IPAddress.Loopback, target);
            await Task.WhenAny(CopyAsync(client, broker), CopyAsync(broker, client));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // One side has gone.
        }
        finally
        {
            open.TryRemove(client, out _);
            client.Dispose();
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        try
        {
            var buffer = new byte[BufferBytes];
            while (await from.ReceiveAsync(buffer) is var count && count > 0)
            {
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // One side has gone; the other follows.
        }
    }
}
