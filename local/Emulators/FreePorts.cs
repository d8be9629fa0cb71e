using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Pipeline.Local.Emulators;

/// <summary>Ports that nobody listens on, for what starts a moment later.</summary>
public static class FreePorts
{
    // Below the ranges from which Linux (32768), Windows and macOS (49152) lend ports to outgoing connections: none of these can take one between the look and the use.
    private const int First = 12000;
    private const int End = 32000;
    private const int Attempts = 200;

    /// <summary>The first of some neighbouring loopback ports, all free at this moment; two callers hardly ever get the same.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <exception cref="LaunchException">None were found.</exception>
    public static int Take(int count = 1)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var first = RandomNumberGenerator.GetInt32(First, End - count);
            if (Enumerable.Range(first, count).All(IsFree))
            {
                return first;
            }
        }

        throw new LaunchException($"No {count} free neighbouring ports were found between {First} and {End}.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
