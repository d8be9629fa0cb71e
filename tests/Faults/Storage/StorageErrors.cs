using Microsoft.AspNetCore.Http;

namespace Pipeline.Faults.Storage;

/// <summary>Errors as storage answers them.</summary>
internal static class StorageErrors
{
    private const string Batch = "batchresponse_fault";
    private const string ChangeSet = "changesetresponse_fault";

    /// <summary>Answers a request with an error.</summary>
    public static async Task AnswerAsync(HttpContext context, Fault fault)
    {
        var (status, code, message) = Describe(fault);
        if (status is 409 or 412 && context.Request.Path.Value?.EndsWith("$batch", StringComparison.Ordinal) == true)
        {
            // A transaction is answered; it is one of its actions that was refused.
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            context.Response.ContentType = $"multipart/mixed; boundary={Batch}";
            await context.Response.WriteAsync(Refusal(status, code, message), context.RequestAborted);
            return;
        }

        context.Response.StatusCode = status;
        context.Response.Headers["x-ms-error-code"] = code;
        context.Response.ContentType = "application/xml";
        if (context.Request.Method != "HEAD")
        {
            await context.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>", context.RequestAborted);
        }
    }

    private static string Refusal(int status, string code, string message) => string.Join("\r\n",
    [
        $"--{Batch}",
        $"Content-Type: multipart/mixed; boundary={ChangeSet}",
        "",
        $"--{ChangeSet}",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        $"HTTP/1.1 {status} Refused",
        "Content-Type: application/json;odata=minimalmetadata",
        "",
        $"{{\"odata.error\":{{\"code\":\"{code}\",\"message\":{{\"lang\":\"en-US\",\"value\":\"0:{message}\"}}}}}}",
        $"--{ChangeSet}--",
        $"--{Batch}--",
        "",
    ]);

    private static (int Status, string Code, string Message) Describe(Fault fault) => fault switch
    {
        Fault.Occupied => (409, "BlobAlreadyExists", "It is there already."),
        Fault.Changed => (412, "ConditionNotMet", "It is not what it was."),
        Fault.Throttled => (429, "TooManyRequests", "There are too many requests."),
        Fault.Broken => (500, "InternalError", "The server encountered an internal error."),
        Fault.Busy => (503, "ServerBusy", "The server is busy."),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "It is no error that storage answers."),
    };
}
