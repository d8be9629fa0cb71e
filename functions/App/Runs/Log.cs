using Microsoft.Extensions.Logging;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Runs;

/// <summary>Events 2000 to 2099. Why a step failed is in its record: the text may quote data.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 2000, Level = LogLevel.Information, Message = "Run {RunId} of {Pipeline} is accepted")]
    public static partial void Accepted(this ILogger logger, string runId, string pipeline);

    [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "A run of {Pipeline} is refused: {RunId} is going on")]
    public static partial void Refused(this ILogger logger, string pipeline, string runId);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Error, Message = "Run {RunId} of {Pipeline} could not be scheduled")]
    public static partial void NotScheduled(this ILogger logger, string runId, string pipeline, Exception error);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "Run {RunId} is terminated by request")]
    public static partial void Terminated(this ILogger logger, string runId);

    [LoggerMessage(EventId = 2010, Level = LogLevel.Information, Message = "Run {RunId} of {Pipeline} is planned: {Steps} steps to do, {Unchanged} unchanged")]
    public static partial void Planned(this ILogger logger, string runId, string pipeline, int steps, int unchanged);

    [LoggerMessage(EventId = 2011, Level = LogLevel.Error, Message = "Run {RunId} of {Pipeline} could not be planned: {ErrorType}")]
    public static partial void NotPlanned(this ILogger logger, string runId, string pipeline, string errorType);

    [LoggerMessage(
        EventId = 2012,
        Level = LogLevel.Information,
        Message = "Step {Step} of run {RunId} {Status} in {Seconds:0.###} s: version {Version}, {RowsIn} rows in, {RowsOut} out, {RowsRejected} rejected")]
    public static partial void StepEnded(this ILogger logger, TableKey step, string runId, StepStatus status, double seconds, long? version, long? rowsIn, long? rowsOut, long? rowsRejected);

    [LoggerMessage(EventId = 2013, Level = LogLevel.Error, Message = "Step {Step} of run {RunId} failed: {ErrorType}. GET /api/runs/{RunId} says why")]
    public static partial void StepFailed(this ILogger logger, TableKey step, string runId, string errorType);

    [LoggerMessage(EventId = 2014, Level = LogLevel.Information, Message = "Run {RunId} of {Pipeline} succeeded in {Seconds:0.###} s")]
    public static partial void Succeeded(this ILogger logger, string runId, string pipeline, double seconds);

    [LoggerMessage(EventId = 2015, Level = LogLevel.Error, Message = "Run {RunId} of {Pipeline} failed after {Seconds:0.###} s: {Failed} steps failed, {Skipped} skipped")]
    public static partial void Failed(this ILogger logger, string runId, string pipeline, double seconds, int failed, int skipped);
}
