using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;

namespace Pipeline.App.Api;

/// <summary>The API's edge: an exception becomes problem details.</summary>
internal sealed partial class ProblemMiddleware(ILogger<ProblemMiddleware> logger) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
#pragma warning disable CA1031 // The edge of the host: whatever it is, the caller gets problem details.
        catch (Exception error) when (!context.CancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            var cause = error is AggregateException { InnerException: { } inner } ? inner : error;
            if (cause is not (LakehouseException or BadRequestException))
            {
                LogUnexpected(logger, context.FunctionDefinition.Name, cause);
            }

            context.GetInvocationResult().Value = Answers.Problem(cause);
        }
    }

    [LoggerMessage(EventId = 1000, Level = LogLevel.Error, Message = "{Function} failed unexpectedly")]
    private static partial void LogUnexpected(ILogger logger, string function, Exception error);
}
