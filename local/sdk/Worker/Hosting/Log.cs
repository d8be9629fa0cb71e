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
}
