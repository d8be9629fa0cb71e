using System.Net;
using System.Net.Sockets;
using Pipeline.Local.Emulators;

namespace Pipeline.Local.Tests;

public sealed class FreePortsTests
{
    [Fact]
    public void Take_Three_AllCanBeListenedOnAndNoneIsLentToConnections()
    {
        var taken = 0;
        for (var round = 0; round < 100; round++)
        {
            var first = FreePorts.Take(3);

            Assert.InRange(first, 1024, 32767 - 2);
            taken += Enumerable.Range(first, 3).Count(port => !CanBeListenedOn(port));
        }

        // What runs beside this test takes ports of the same range.
        Assert.InRange(taken, 0, 2);
    }

    private static bool CanBeListenedOn(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
