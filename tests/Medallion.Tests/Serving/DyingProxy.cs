using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Tests.Serving;

/// <summary>A way to a database that ends for good after a number of messages from the client: what they asked for is done, but nobody hears of it.</summary>
internal sealed class DyingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int server;
    private readonly Task accepting;
    private int left = int.MaxValue;
    private volatile Regex? last;

    public DyingProxy(int server)
    {
        this.server = server;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Whether it came to that.</summary>
    public bool Died => Volatile.Read(ref left) <= 0;

    /// <summary>From now on, after so many messages.</summary>
    public void DieAfter(int messages) => Volatile.Write(ref left, messages);

    /// <summary>From now on, after the message that has a text in it.</summary>
    public void DieAfter(Regex text)
    {
        last = text;
        DieAfter(int.MaxValue);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relays = new List<Task>();
        try
        {
            while (true)
            {
                relays.Add(RelayAsync(await listener.AcceptTcpClientAsync(stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }

        await Task.WhenAll(relays);
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        using (var upstream = new TcpClient { NoDelay = true })
        {
            client.NoDelay = true;
            if (!Died)
            {
                await upstream.ConnectAsync(IPAddress.Loopback, server);
                await Task.WhenAll(CopyAsync(client, upstream, counts: true), CopyAsync(upstream, client, counts: false));
            }
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool counts)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.GetStream().ReadAsync(buffer, stop.Token) is > 0 and var read)
            {
                // It is over before the last message is passed on: the answer to it may come at once.
                if (counts && last?.IsMatch(Encoding.ASCII.GetString(buffer, 0, read)) == true)
                {
                    DieAfter(1);
                }

                var isLast = counts && Interlocked.Decrement(ref left) <= 0;
                if (counts || !Died)
                {
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, read), stop.Token);
                }

                if (isLast)
                {
                    from.Close();
                    break;
                }
            }

            if (counts)
            {
                // A connection that is cut takes with it what the server has not read: it is told of the end, and heard to its own.
                to.Client.Shutdown(SocketShutdown.Send);
            }
            else
            {
                to.Close();
            }
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One of the two ends is gone.
        }
    }
}
