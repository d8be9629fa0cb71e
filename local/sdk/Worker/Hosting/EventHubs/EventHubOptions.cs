using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.Hosting.EventHubs;

/// <summary>host.json, extensions.eventHubs, with the defaults of the real extension; they hold for all Event Hubs functions of the app.</summary>
internal sealed record EventHubOptions
{
    private const string Where = "host.json, extensions.eventHubs";

    /// <summary>The most events of one invocation.</summary>
    public int MaxEventBatchSize { get; init; } = 100;

    /// <summary>How many events an invocation waits for, up to <see cref="MaxWaitTime"/>.</summary>
    public int MinEventBatchSize { get; init; } = 1;

    public TimeSpan MaxWaitTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many events of a partition are held ready.</summary>
    public int PrefetchCount { get; init; } = 300;

    /// <summary>After how many batches the checkpoint moves.</summary>
    public int BatchCheckpointFrequency { get; init; } = 1;

    /// <summary>Where a partition without a checkpoint begins: at its end, or at its first event.</summary>
    public bool FromEnd { get; init; }

    /// <exception cref="FunctionsHostException">A value is not of its kind or not in its range.</exception>
    public static EventHubOptions Read(IConfigurationSection section)
    {
        var defaults = new EventHubOptions();
        var options = defaults with
        {
            MaxEventBatchSize = Number("maxEventBatchSize", defaults.MaxEventBatchSize),
            MinEventBatchSize = Number("minEventBatchSize", defaults.MinEventBatchSize),
            MaxWaitTime = Time("maxWaitTime", defaults.MaxWaitTime),
            PrefetchCount = Number("prefetchCount", defaults.PrefetchCount),
            BatchCheckpointFrequency = Number("batchCheckpointFrequency", defaults.BatchCheckpointFrequency),
            FromEnd = ReadFromEnd(section["initialOffsetOptions:type"] ?? "fromStart"),
        };
        return options.MinEventBatchSize <= options.MaxEventBatchSize ? options : throw new FunctionsHostException(
            $"{Where}: minEventBatchSize is {options.MinEventBatchSize}, more than maxEventBatchSize, which is {options.MaxEventBatchSize}.");

        int Number(string name, int byDefault) => section[name] is not { } text ? byDefault
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
            : throw new FunctionsHostException($"{Where}.{name} is '{text}': expected a whole number from 1.");

        TimeSpan Time(string name, TimeSpan byDefault) => section[name] is not { } text ? byDefault
            : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero ? time
            : throw new FunctionsHostException($"{Where}.{name} is '{text}': expected a time span (hh:mm:ss) above zero.");
    }

    private static bool ReadFromEnd(string type) => type.ToUpperInvariant() switch
    {
        "FROMSTART" => false,
        "FROMEND" => true,
        _ => throw new FunctionsHostException($"{Where}.initialOffsetOptions.type is '{type}': this host offers fromStart and fromEnd."),
    };
}
