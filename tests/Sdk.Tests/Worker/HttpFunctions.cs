using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using FromBodyAttribute = Microsoft.Azure.Functions.Worker.Http.FromBodyAttribute;

namespace Pipeline.Sdk.Tests.Worker;

public sealed record Order(int Id, string Customer);

public sealed class PerScope
{
    public Guid Id { get; } = Guid.NewGuid();
}

public sealed class HttpFunctions(PerScope scoped)
{
    [Function("Hello")]
    public IActionResult Hello([HttpTrigger(AuthorizationLevel.Function, "get")] HttpRequest request) =>
        new OkObjectResult(new { Path = request.Path.Value });

    [Function("GetRun")]
    public async Task<IActionResult> GetRun(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "runs/{id:int}/{part?}")] HttpRequest request, int id, string? part, int limit = 7)
    {
        await Task.Yield();
        return new OkObjectResult(new { request.Method, Id = id, Part = part, Limit = limit });
    }

    [Function("GetByGuid")]
    public IActionResult GetByGuid([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "things/{id}")] HttpRequest request, Guid id) =>
        new ContentResult { Content = $"{request.Method} {id:N}" };

    [Function("PostOrder")]
    public static IActionResult PostOrder(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "orders")] HttpRequest request, [FromBody] Order order) =>
        new CreatedResult(request.Path, order);

    [Function("Typed")]
    public Task<IResult> Typed([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
        Task.FromResult(Results.Problem(statusCode: 409, detail: request.QueryString.Value));

    [Function("Text")]
    public string Text([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => request.Method;

    [Function("Throw")]
    public IActionResult Throw([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
        throw new InvalidOperationException($"secret {request.Path}");

    [Function("Scope")]
    public IActionResult Scope([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context)
    {
        context.GetLogger("Mine").LogInformation("In {Function}", context.FunctionDefinition.Name);
        var sameScope = context.InstanceServices.GetRequiredService<PerScope>() == scoped
            && request.HttpContext.RequestServices.GetRequiredService<PerScope>() == scoped
            && context.GetHttpContext() == request.HttpContext;
        return new OkObjectResult(new { SameScope = sameScope, scoped.Id, context.InvocationId });
    }

    [Function("Wait")]
    public async Task<IActionResult> Wait(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context, CancellationToken cancellationToken)
    {
        request.HttpContext.RequestServices.GetRequiredService<WaitSignal>().Entered.SetResult(context.CancellationToken == cancellationToken);
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return new OkResult();
    }
}

public sealed class WaitSignal
{
    public TaskCompletionSource<bool> Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
