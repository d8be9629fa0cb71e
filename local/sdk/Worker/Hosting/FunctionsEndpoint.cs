using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Where the host listens: on this machine only.</summary>
internal sealed class FunctionsEndpoint(int configuredPort)
{
    /// <summary>The port asked for; 0 for any that is free.</summary>
    public int ConfiguredPort => configuredPort;

    /// <summary>The address, once the host has started.</summary>
    public Uri Url { get; set; } = new($"http://127.0.0.1:{configuredPort}");

    /// <summary>The port of the command line, else of local.settings.json, else that of func start.</summary>
    public static int Port(string[] args, int? local)
    {
        // Of the arguments only: a variable PORT in the environment is meant for someone else.
        var argument = new ConfigurationBuilder().AddCommandLine(args, new Dictionary<string, string> { ["-p"] = "port" }).Build()["port"];
        if (argument is null)
        {
            return local ?? 7071;
        }

        return int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort
            ? port
            : throw new FunctionsHostException($"--port '{argument}' is not a port: a number from 1 to {IPEndPoint.MaxPort}, or 0 for any that is free.");
    }
}
