using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>The ASP.NET Core integration: middleware registered after it sees the HttpContext and may replace the result before it is written.</summary>
internal static class HttpResults
{
    public const string HttpContextKey = "HttpRequestContext";

    public static FunctionExecutionDelegate Middleware(FunctionExecutionDelegate next) => context =>
        context is Invocation { Trigger: HttpContext http } invocation ? RunAsync(invocation, http, next) : next(context);

    private static async Task RunAsync(Invocation invocation, HttpContext http, FunctionExecutionDelegate next)
    {
        invocation.Items[HttpContextKey] = http;
        await next(invocation);
        switch (invocation.Outcome.Value)
        {
            case IActionResult result:
                await result.ExecuteResultAsync(new ActionContext(http, http.GetRouteData(), new ActionDescriptor()));
                break;
            case IResult result:
                await result.ExecuteAsync(http);
                break;
            case { } other:
                // The real integration drops it without a word and answers 200 with an empty body.
                invocation.GetLogger($"Function.{invocation.Function.Name}").NoHttpResponse(invocation.Function.Name, other.GetType().Name);
                break;
            default:
                break;
        }
    }
}
