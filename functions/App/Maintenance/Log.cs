using Microsoft.Extensions.Logging;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Maintenance;

namespace Pipeline.App.Maintenance;

/// <summary>Events 2200 to 2299. Reasons are in the maintenance's record.</summary>
internal static partial class Log
{
    /// <summary>Tells what an operation did to a table; of one that had nothing to do there is nothing to tell.</summary>
    public static void Tell(this ILogger logger, string id, TableReport report, OperationReport done)
    {
        switch (done.Status)
        {
            case MaintenanceStatus.Done:
                logger.Done(id, done.Operation, report.Table, report.Pipeline, done.Files, done.Bytes, done.Rows, done.Version);
                break;
            case MaintenanceStatus.Postponed:
                logger.Postponed(id, done.Operation, report.Table, report.Pipeline);
                break;
            case MaintenanceStatus.Failed:
                logger.Failed(id, done.Operation, report.Table, report.Pipeline);
                break;
            default:
                break;
        }
    }

    /// <summary>Tells how a maintenance ended.</summary>
    public static void Ended(this ILogger logger, string id, MaintenanceFigures figures) =>
        logger.Ended(id, figures.Tables, figures.FilesPacked, figures.FilesMade, figures.RowsRemoved, figures.FilesDeleted + figures.LogFilesDeleted, figures.BytesFreed, figures.Postponed, figures.Failed);

    [LoggerMessage(EventId = 2200, Level = LogLevel.Information, Message = "Maintenance {Id} of {Pipeline} is accepted; dry run: {DryRun}")]
    public static partial void Accepted(this ILogger logger, string id, string pipeline, bool dryRun);

    [LoggerMessage(EventId = 2201, Level = LogLevel.Error, Message = "Maintenance {Id} could not be done: {ErrorType}. GET /api/maintenance/{Id} says why")]
    public static partial void NotMaintained(this ILogger logger, string id, string errorType);

    [LoggerMessage(EventId = 2202, Level = LogLevel.Information, Message = "Maintenance {Id}: {Operation} of {Table} of {Pipeline}: {Files} files, {Bytes} bytes, {Rows} rows, version {Version}")]
    private static partial void Done(this ILogger logger, string id, MaintenanceOperation operation, TableKey table, string pipeline, long files, long bytes, long? rows, long? version);

    [LoggerMessage(EventId = 2203, Level = LogLevel.Information, Message = "Maintenance {Id}: {Operation} of {Table} of {Pipeline} is left to the next maintenance")]
    private static partial void Postponed(this ILogger logger, string id, MaintenanceOperation operation, TableKey table, string pipeline);

    [LoggerMessage(EventId = 2204, Level = LogLevel.Error, Message = "Maintenance {Id}: {Operation} of {Table} of {Pipeline} failed. GET /api/maintenance/{Id} says why")]
    private static partial void Failed(this ILogger logger, string id, MaintenanceOperation operation, TableKey table, string pipeline);

    [LoggerMessage(
        EventId = 2205,
        Level = LogLevel.Information,
        Message = "Maintenance {Id} ended: {Tables} tables, {FilesPacked} files packed into {FilesMade}, {RowsRemoved} rows removed, {FilesDeleted} files deleted, {BytesFreed} bytes freed, {Postponed} tables postponed, {FailedTables} failed")]
    private static partial void Ended(
        this ILogger logger, string id, int tables, long filesPacked, long filesMade, long rowsRemoved, long filesDeleted, long bytesFreed, int postponed, int failedTables);
}
