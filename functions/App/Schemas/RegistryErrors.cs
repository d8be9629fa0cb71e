using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using Pipeline.App.Api;
using Pipeline.Lakehouse;

namespace Pipeline.App.Schemas;

/// <summary>The registry's edge: an exception becomes an error as Confluent's clients know it.</summary>
internal sealed class RegistryErrors(ILogger<RegistryErrors> logger) : IFunctionsWorkerMiddleware
{
    /// <summary>Whether a function is one of the registry's.</summary>
    public static bool IsFor(FunctionContext context) => context.FunctionDefinition.EntryPoint.StartsWith($"{typeof(RegistryErrors).Namespace}.", StringComparison.Ordinal);

    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
#pragma warning disable CA1031 // The edge of the host: whatever it is, the caller gets an error of the registry.
        catch (Exception error) when (context.GetHttpContext() is not null && !context.CancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            var cause = error is AggregateException { InnerException: { } inner } ? inner : error;
            if (cause is not (LakehouseException or BadRequestException))
            {
                logger.Unexpected(context.FunctionDefinition.Name, cause);
            }

            context.GetInvocationResult().Value = context.GetHttpContext() is { } http ? RegistryAnswers.Error(http.Request, RegistryAnswers.ErrorOf(cause)) : null;
        }
    }
}
