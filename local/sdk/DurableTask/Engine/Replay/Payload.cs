using System.Text;

namespace Microsoft.DurableTask.Engine.Replay;

/// <summary>Limits of what travels between orchestrators, activities and clients.</summary>
internal static class Payload
{
    /// <summary>The limit of the Durable Task Scheduler, in bytes of UTF-8.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>The limit of the Functions host, in characters.</summary>
    public const int MaxCustomStatus = 8 * 1024;

    private const int MaxErrorText = 16 * 1024;

    /// <summary>Null if the text is within the limit, otherwise an error that says what is too large.</summary>
    public static string? Excess(string? text, string what)
    {
        if (text is null || text.Length <= MaxBytes / 3)
        {
            return null;
        }

        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes <= MaxBytes ? null : $"The {what} is {bytes} bytes of JSON; at most {MaxBytes} bytes (1 MiB) are allowed. Pass a reference to stored data instead.";
    }

    /// <summary>A failure as it crosses a function's boundary: type and text, cut to a bounded length.</summary>
    public static TaskFailureDetails Failure(Exception exception) => Failure(exception.GetType().ToString(), exception.Message, exception.StackTrace);

    /// <summary>A failure of the engine's own making.</summary>
    public static TaskFailureDetails Failure(string type, string message, string? stackTrace = null) => new(type, Cut(message), stackTrace is null ? null : Cut(stackTrace), null, null);

    private static string Cut(string text) => text.Length <= MaxErrorText ? text : string.Concat(text.AsSpan(0, MaxErrorText), "…");
}

/// <summary>The whole instance fails, whatever the orchestrator catches.</summary>
internal sealed class TurnFailedException(string errorType, string message) : Exception(message)
{
    public string ErrorType { get; } = errorType;
}
