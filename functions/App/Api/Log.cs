using Microsoft.Extensions.Logging;

namespace Pipeline.App.Api;

/// <summary>Events 1000 to 1099.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1000, Level = LogLevel.Error, Message = "{Function} failed unexpectedly")]
    public static partial void Unexpected(this ILogger logger, string function, Exception error);
}
