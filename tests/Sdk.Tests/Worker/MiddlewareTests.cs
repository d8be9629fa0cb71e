using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Hosting;

namespace Pipeline.Sdk.Tests.Worker;

public sealed class MiddlewareTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Middleware_OrderOfRegistration_IsOrderOfExecution()
    {
        await using var app = await RunningApp.StartAsync([typeof(EchoFunctions)], builder => builder
            .UseMiddleware<Outer>()
            .UseWhen<Skipped>(context => context.FunctionDefinition.Name == "Other")
            .UseWhen<Inner>(context => context.FunctionDefinition.InputBindings.Values.Any(binding => binding.Type == "httpTrigger")));

        Assert.Equal("outer inner function inner outer", await app.Client.GetStringAsync(new Uri("/api/Echo", UriKind.Relative), cancel));
    }

    [Fact]
    public async Task Middleware_CatchesAnException_AndAnswersInItsPlace()
    {
        await using var app = await RunningApp.StartAsync([typeof(EchoFunctions)], builder => builder.UseMiddleware(async (context, next) =>
        {
            try
            {
                await next();
            }
            catch (InvalidOperationException e)
            {
                context.GetInvocationResult().Value = new ObjectResult(e.Message) { StatusCode = context.GetHttpContext() is null ? 599 : 422 };
            }
        }));

        using var response = await app.Client.GetAsync(new Uri("/api/Fail", UriKind.Relative), cancel);

        Assert.Equal(422, (int)response.StatusCode);
        Assert.Equal("as asked", await response.Content.ReadAsStringAsync(cancel));
    }

    public sealed class EchoFunctions
    {
        [Function("Echo")]
        public IActionResult Echo([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context)
        {
            context.Items["trail"] = $"{context.Items["trail"]} {(request.HttpContext == context.GetHttpContext() ? "function" : "stranger")}";
            return new OkResult();
        }

        [Function("Fail")]
        public IActionResult Fail([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
            throw new InvalidOperationException(request.Method == "GET" ? "as asked" : "");
    }

    private sealed class Outer : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            context.Items["trail"] = "outer";
            await next(context);
            Assert.IsType<OkResult>(context.GetInvocationResult().Value);
            context.GetInvocationResult<IActionResult>().Value = new ContentResult { Content = $"{context.Items["trail"]} outer" };
        }
    }

    private sealed class Inner : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            context.Items["trail"] += " inner";
            await next(context);
            context.Items["trail"] += " inner";
        }
    }

    private sealed class Skipped : IFunctionsWorkerMiddleware
    {
        public Task Invoke(FunctionContext context, FunctionExecutionDelegate next) => throw new InvalidOperationException("not for this function");
    }
}
