using Microsoft.Extensions.Logging;

namespace Pipeline.Medallion.Events;

/// <summary>Events 3200 to 3299.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3200, Level = LogLevel.Warning, Message = "The event {Type} of {Source} could not be written; what it tells of goes on without")]
    public static partial void NotWritten(this ILogger logger, string type, string source, Exception error);

    [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "A subscriber failed over event {Sequence} ({Type}); it gets the next one")]
    public static partial void NotReceived(this ILogger logger, long sequence, string type, Exception error);
}
