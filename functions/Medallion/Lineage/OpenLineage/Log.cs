using Microsoft.Extensions.Logging;

namespace Pipeline.Medallion.Lineage.OpenLineage;

/// <summary>Events 3100 to 3199.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3100, Level = LogLevel.Warning, Message = "The lineage of run {RunId} ({File}) could not be written; the run goes on without")]
    public static partial void NotTold(this ILogger logger, string runId, string file, Exception error);
}
