using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Hosting;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "Executing '{Function}' (Id={InvocationId})")]
    public static partial void Executing(this ILogger logger, string function, string invocationId);

    [LoggerMessage(EventId = 2, Message = "Executed '{Function}' (Succeeded, Id={InvocationId}, Duration={Milliseconds}ms)")]
    public static partial void Succeeded(this ILogger logger, LogLevel level, string function, string invocationId, long milliseconds);

    [LoggerMessage(3, LogLevel.Error, "Executed '{Function}' (Failed, Id={InvocationId}, Duration={Milliseconds}ms)")]
    public static partial void Failed(this ILogger logger, Exception exception, string function, string invocationId, long milliseconds);

    [LoggerMessage(4, LogLevel.Information, "Executed '{Function}' (Canceled, Id={InvocationId}, Duration={Milliseconds}ms)")]
    public static partial void Canceled(this ILogger logger, Exception exception, string function, string invocationId, long milliseconds);

    [LoggerMessage(5, LogLevel.Warning, "'{Function}' returned a {Type}, which does not become the HTTP response: only IActionResult and IResult do.")]
    public static partial void NoHttpResponse(this ILogger logger, string function, string type);

    [LoggerMessage(6, LogLevel.Information, "Functions:")]
    public static partial void Functions(this ILogger logger);

    [LoggerMessage(7, LogLevel.Information, "    {Function}: [{Methods}] {Url}")]
    public static partial void HttpFunction(this ILogger logger, string function, string methods, string url);

    [LoggerMessage(8, LogLevel.Information, "    {Function}: {Trigger}")]
    public static partial void Function(this ILogger logger, string function, string trigger);

    [LoggerMessage(9, LogLevel.Information, "Listening on {Url}. Press Ctrl-C to stop.")]
    public static partial void Listening(this ILogger logger, string url);

    [LoggerMessage(10, LogLevel.Warning, "'{Function}' failed and is retried in {Delay} (retry {Retry} of {Retries}).")]
    public static partial void Retrying(this ILogger logger, string function, TimeSpan delay, int retry, string retries);

    [LoggerMessage(11, LogLevel.Information, "    {Function}: disabled by the setting AzureWebJobs.{Function}.Disabled")]
    public static partial void Disabled(this ILogger logger, string function);

    [LoggerMessage(12, LogLevel.Information, "'{Function}' was given partitions {Partitions}.")]
    public static partial void Given(this ILogger logger, string function, string partitions);

    [LoggerMessage(13, LogLevel.Warning, "'{Function}': partition {Partition} goes on at offset {Offset} instead of {Expected}: the broker has dropped events, or begun anew.")]
    public static partial void GoesOnElsewhere(this ILogger logger, string function, int partition, long offset, long expected);

    [LoggerMessage(14, LogLevel.Warning, "'{Function}': the broker does not answer as expected ({Reason}). Waiting for it.")]
    public static partial void BrokerError(this ILogger logger, string function, string reason);

    [LoggerMessage(15, LogLevel.Error, "'{Function}': the consumer has ended and begins anew in {Delay}.")]
    public static partial void ConsumerEnded(this ILogger logger, Exception exception, string function, TimeSpan delay);

    [LoggerMessage(17, LogLevel.Information, "'{Function}' has lost partitions {Partitions}.")]
    public static partial void Lost(this ILogger logger, string function, string partitions);

    [LoggerMessage(16, LogLevel.Debug, "{Line}")]
    public static partial void ClientLine(this ILogger logger, string line);
}
