using Microsoft.Extensions.Logging;

namespace Pipeline.Medallion.Schemas.Sources;

/// <summary>Events 3300 to 3399.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3300, Level = LogLevel.Warning, Message = "The schema of {Subject} could not be registered in run {RunId}; the run goes on without")]
    public static partial void NotRegistered(this ILogger logger, string subject, string runId, Exception error);
}
