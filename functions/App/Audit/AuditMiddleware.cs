using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Pipeline.App.Api;
using Pipeline.App.Runs;
using Pipeline.Medallion.Audit;

namespace Pipeline.App.Audit;

/// <summary>Writes down who asked for an operation, and what became of it, before the answer goes out.</summary>
internal sealed class AuditMiddleware(AuditLog audit) : IFunctionsWorkerMiddleware
{
    private const int BodyCharacters = 4000;

    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext()?.Request is not { } request)
        {
            await next(context);
            return;
        }

        request.EnableBuffering();
        var begun = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
        }
        catch
        {
            // Of all other exceptions an answer was made: this caller has gone away.
            await AppendAsync(context, request, begun, null, AuditOutcome.Failed, "The caller went away before the answer.");
            throw;
        }

        var answer = context.GetInvocationResult().Value;
        var status = (answer as IStatusCodeActionResult)?.StatusCode;
        var outcome = status switch { >= 500 => AuditOutcome.Failed, >= 400 => AuditOutcome.Refused, _ => AuditOutcome.Succeeded };
        await AppendAsync(context, request, begun, status, outcome, (answer as JsonResult)?.Value switch { Problem problem => problem.Detail, StartedRun run => run.Id, _ => null });
    }

    private async Task AppendAsync(FunctionContext context, HttpRequest request, long begun, int? status, AuditOutcome outcome, string? result) =>
        await audit.TryAppendAsync(
            new AuditEntry
            {
                Who = Who(request),
                What = AuditedOperations.All[context.FunctionDefinition.Name],
                Target = Target(request),
                From = From(request),
                Outcome = outcome,
                Status = status,
                DurationMs = (long)Stopwatch.GetElapsedTime(begun).TotalMilliseconds,
                Detail = await BodyAsync(request),
                Result = result,
            },
            CancellationToken.None);

    // The host has let the caller in; which of the keys it was, it does not tell.
    private static string Who(HttpRequest request) => Requests.Caller(request)
        ?? (request.Headers.ContainsKey("x-functions-key") || request.Query.ContainsKey("code") ? "function key" : "anonymous");

    private static string Target(HttpRequest request)
    {
        var path = request.Path.Value?.Trim('/') ?? "";
        return path.StartsWith("api/", StringComparison.Ordinal) ? path["api/".Length..] : path;
    }

    // Behind Azure's front end the first address is the caller's.
    private static string? From(HttpRequest request) =>
        request.Headers["X-Forwarded-For"].ToString().Split(',')[0].Trim() is { Length: > 0 } first ? first : request.HttpContext.Connection.RemoteIpAddress?.ToString();

    private static async Task<string?> BodyAsync(HttpRequest request)
    {
        request.Body.Position = 0;
        using var reader = new StreamReader(request.Body, Encoding.UTF8, leaveOpen: true);
        var text = new char[BodyCharacters];
        var length = await reader.ReadBlockAsync(text);
        return length == 0 ? null : new string(text, 0, length);
    }
}
