using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace Pipeline.Local.Broker;

/// <summary>--port N --control-port N --topics A,B --partitions N, all optional.</summary>
internal sealed record BrokerArguments
{
    public const int DefaultPartitions = 32;
    private const int LargestPartitions = 1024;

    /// <summary>Where the Kafka protocol is spoken; 0 for any port that is free.</summary>
    public required int Port { get; init; }

    /// <summary>Where the control endpoint listens; 0 for any port that is free.</summary>
    public required int ControlPort { get; init; }

    public required IReadOnlyList<string> Topics { get; init; }

    public required int Partitions { get; init; }

    /// <exception cref="BrokerException">One of them is not a number in its range.</exception>
    public static BrokerArguments Read(string[] args)
    {
        // Of the arguments only: a variable PORT in the environment is meant for someone else.
        var values = new ConfigurationBuilder().AddCommandLine(args).Build();
        return new()
        {
            Port = Number("port", 0, IPEndPoint.MaxPort, 0),
            ControlPort = Number("control-port", 0, IPEndPoint.MaxPort, 0),
            Topics = (values["topics"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Partitions = Number("partitions", 1, LargestPartitions, DefaultPartitions),
        };

        int Number(string name, int least, int most, int byDefault)
        {
            var text = values[name];
            return text is null ? byDefault
                : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
                : throw new BrokerException($"--{name} is a number from {least} to {most}, not '{text}'.");
        }
    }
}
