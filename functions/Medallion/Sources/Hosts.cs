using System.Net;
using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources;

/// <summary>Which servers may be talked to without TLS: those of this machine.</summary>
internal static class Hosts
{
    /// <summary>Whether all hosts of a list are this machine; ports and sockets may be named too.</summary>
    public static bool AreLoopback(string? hosts) => (hosts ?? "").Split(',', StringSplitOptions.TrimEntries).All(host =>
        host.StartsWith('/') || Name(host) is var name && (name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address))));

    /// <summary>The refusal of a connection in clear text.</summary>
    public static TerminalException Unprotected(string setting) =>
        new($"it allows a connection without TLS, which only a server on this machine may have: expected {setting}");

    // An IPv6 address has colons of its own.
    private static string Name(string host) => host.StartsWith('[') ? host[1..].Split(']')[0] : host.Split(':') is [var name, _] ? name : host;
}
