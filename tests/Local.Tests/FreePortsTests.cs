using System.Net;
using System.Net.Sockets;
using Pipeline.Local.Emulators;

namespace Pipeline.Local.Tests;

public sealed class FreePortsTests
{
    [Fact]
    public void Take_Three_AllCanBeListenedOnAndNoneIsLentToConnections()
    {
        for (var round = 0; round < 100; round++)
        {
            var first = FreePorts.Take(3);

            Assert.InRange(first, 1024, 32767 - 2);
            foreach (var port in Enumerable.Range(first, 3))
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
            }
        }
    }
}
