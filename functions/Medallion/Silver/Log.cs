using Microsoft.Extensions.Logging;

namespace Pipeline.Medallion.Silver;

/// <summary>Events 2600 to 2699.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 2600, Level = LogLevel.Warning, Message = "Model {Model} of {Pipeline} scores no rows: {Reason}")]
    public static partial void NotScored(this ILogger logger, string model, string pipeline, string reason);
}
