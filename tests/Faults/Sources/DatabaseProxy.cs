using System.Net;
using System.Net.Sockets;

namespace Pipeline.Faults.Sources;

/// <summary>Stands before a database, and does something once so many bytes have passed: none passes after them.</summary>
internal sealed class DatabaseProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int database;
    private readonly Task accepting;
    private TaskCompletionSource reached = New();
    private Func<Task> act = () => Task.CompletedTask;
    private long limit = long.MaxValue;
    private long passed;

    /// <summary>Begins to listen.</summary>
    /// <param name="database">The port of the database.</param>
    public DatabaseProxy(int database)
    {
        this.database = database;
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Its port.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Bytes that have passed, either way, since it was armed.</summary>
    public long Passed => Interlocked.Read(ref passed);

    /// <summary>Ends when the bytes have passed and what is done then is done.</summary>
    public Task Reached => reached.Task;

    /// <summary>Whether the bytes have passed.</summary>
    public bool HasReached => Interlocked.Read(ref limit) == 0;

    /// <summary>Counts from now on.</summary>
    /// <param name="bytes">How many bytes pass.</param>
    /// <param name="then">What is done then.</param>
    public void Arm(long bytes, Func<Task> then)
    {
        (reached, act) = (New(), then);
        Interlocked.Exchange(ref passed, 0);
        Interlocked.Exchange(ref limit, bytes);
    }

    /// <summary>Lets everything pass, and counts from now on.</summary>
    public void Disarm() => Arm(long.MaxValue, () => Task.CompletedTask);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task AcceptAsync()
    {
        var relays = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                relays.Add(RelayAsync(client));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It is disposed.
        }

        await Task.WhenAll(relays);
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                (client.NoDelay, server.NoDelay) = (true, true);
                await server.ConnectAsync(IPAddress.Loopback, database, stop.Token);
                using var over = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
                var there = PumpAsync(client.GetStream(), server.GetStream(), over.Token);
                var back = PumpAsync(server.GetStream(), client.GetStream(), over.Token);
                await Task.WhenAny(there, back);
                await over.CancelAsync();
                await Task.WhenAll(there, back);
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One end is gone: so is the other.
            }
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        for (var count = await from.ReadAsync(buffer, cancellationToken); count > 0; count = await from.ReadAsync(buffer, cancellationToken))
        {
            var most = Interlocked.Read(ref limit);
            var left = most - (Interlocked.Add(ref passed, count) - count);
            if (most == 0)
            {
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, (int)Math.Clamp(left, 0, count)), cancellationToken);
            if (left <= count)
            {
                await ReachAsync();
                return;
            }
        }
    }

    private async Task ReachAsync()
    {
        if (Interlocked.Exchange(ref limit, 0) != 0)
        {
            await act();
            reached.TrySetResult();
        }
    }
}
