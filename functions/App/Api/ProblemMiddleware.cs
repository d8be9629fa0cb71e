using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;

namespace Pipeline.App.Api;

/// <summary>The API's edge: an exception becomes problem details.</summary>
internal sealed class ProblemMiddleware(ILogger<ProblemMiddleware> logger) : IFunctionsWorkerMiddleware
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
                logger.Unexpected(context.FunctionDefinition.Name, cause);
            }

            context.GetInvocationResult().Value = Answers.Error(Answers.ProblemOf(cause));
        }
    }
}
