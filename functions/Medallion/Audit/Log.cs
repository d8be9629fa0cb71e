using Microsoft.Extensions.Logging;

namespace Pipeline.Medallion.Audit;

/// <summary>Events 3700 to 3799.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3700, Level = LogLevel.Error, Message = "The audit log has no entry for {What} of '{Target}' by {Who} ({Outcome}): it could not be written")]
    public static partial void NotWritten(this ILogger logger, string what, string target, string who, string outcome, Exception error);
}
