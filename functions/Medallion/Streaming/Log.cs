using Microsoft.Extensions.Logging;

namespace Pipeline.Medallion.Streaming;

internal static partial class Log
{
    [LoggerMessage(2501, LogLevel.Debug, "Stream {Source}: {Events} events of {Batches} batches are version {Version} of bronze; {Repeats} had been there")]
    public static partial void Landed(this ILogger logger, string source, long events, long repeats, int batches, long version);

    [LoggerMessage(2502, LogLevel.Warning, "Hub {Hub}: partition {Partition} never delivered the events {First} to {Last}")]
    public static partial void Gap(this ILogger logger, string hub, string partition, long first, long last);

    [LoggerMessage(2503, LogLevel.Warning, "Stream {Source}: silver does not follow bronze: {Reason}")]
    public static partial void Behind(this ILogger logger, string source, string reason);

    [LoggerMessage(2505, LogLevel.Warning, "Live aggregate {Aggregate} is behind: {Reason}")]
    public static partial void NotCounted(this ILogger logger, string aggregate, string reason);

    [LoggerMessage(2504, LogLevel.Warning, "Hub {Hub}: {Events} events belong to no source of it")]
    public static partial void Unrouted(this ILogger logger, string hub, int events);
}
