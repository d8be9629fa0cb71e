using Microsoft.Extensions.Logging;
using Pipeline.Medallion.Scheduling;

namespace Pipeline.App.Scheduling;

/// <summary>Events 2100 to 2199.</summary>
internal static partial class Log
{
    /// <summary>Tells what became of a due time.</summary>
    public static void Tell(this ILogger logger, DueRun due)
    {
        switch (due.Outcome)
        {
            case DueOutcome.Started:
                logger.Started(due.Pipeline, due.DueUtc, due.RunId);
                break;
            case DueOutcome.Waits:
                logger.Waits(due.Pipeline, due.DueUtc, due.RunId);
                break;
            case DueOutcome.Skipped:
                logger.Skipped(due.Pipeline, due.DueUtc, due.RunId ?? "none");
                break;
            case DueOutcome.Unreadable:
                logger.Unreadable(due.Pipeline);
                break;
            default:
                logger.NotStarted(due.Pipeline, due.Reason);
                break;
        }
    }

    [LoggerMessage(EventId = 2100, Level = LogLevel.Information, Message = "The run of {Pipeline} that was due at {DueUtc:u} is started: {RunId}")]
    private static partial void Started(this ILogger logger, string pipeline, DateTimeOffset? dueUtc, string? runId);

    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "The run of {Pipeline} that was due at {DueUtc:u} waits for the end of {RunId}")]
    private static partial void Waits(this ILogger logger, string pipeline, DateTimeOffset? dueUtc, string? runId);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "The run of {Pipeline} that was due at {DueUtc:u} is left out, as its schedule says; run going on: {RunId}")]
    private static partial void Skipped(this ILogger logger, string pipeline, DateTimeOffset? dueUtc, string runId);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "The schedule of {Pipeline} rests: its definition cannot work. GET /api/pipelines says why")]
    private static partial void Unreadable(this ILogger logger, string pipeline);

    [LoggerMessage(EventId = 2104, Level = LogLevel.Error, Message = "A due run of {Pipeline} could not be started and is tried again: {Reason}")]
    private static partial void NotStarted(this ILogger logger, string pipeline, string? reason);
}
