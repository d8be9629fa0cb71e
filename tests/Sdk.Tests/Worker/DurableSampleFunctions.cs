using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Pipeline.Sdk.Tests.Worker;

public sealed record SumRequest(int Count, string? Label = null);

public sealed record SumReport(int Total, string Label);

/// <summary>What the durable functions of the tests have seen.</summary>
public sealed class Trace
{
    public ConcurrentDictionary<string, int> Invocations { get; } = new();

    public ConcurrentBag<Guid> Scopes { get; } = [];

    public TaskCompletionSource Blocked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

public sealed class DurableSampleFunctions(PerScope scoped, Trace trace)
{
    [Function("StartSum")]
    public static async Task<IActionResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sums/{count:int}")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        int count,
        CancellationToken cancellationToken)
    {
        var id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Sum), new SumRequest(count, request.Method), cancellationToken);
        return new AcceptedResult(request.Path, client.CreateHttpManagementPayload(id));
    }

    [Function(nameof(Sum))]
    public static async Task<SumReport> Sum([OrchestrationTrigger] TaskOrchestrationContext context, SumRequest request)
    {
        var squares = await Task.WhenAll(Enumerable.Range(1, request.Count).Select(n => context.CallActivityAsync<int>(nameof(Square), n)));
        return new(squares.Sum(), request.Label ?? "");
    }

    [Function(nameof(Square))]
    public int Square([ActivityTrigger] int number, FunctionContext context, string instanceId)
    {
        trace.Scopes.Add(scoped.Id);
        return context.BindingContext.BindingData["instanceId"] is string id && id == instanceId ? number * number : -1;
    }

    [Function(nameof(RunFailing))]
    public static async Task<string> RunFailing([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        try
        {
            await context.CallActivityAsync(nameof(Fail), context.GetInput<string>());
            return "no failure";
        }
        catch (TaskFailedException e)
        {
            return $"{e.FailureDetails.ErrorType}: {e.FailureDetails.ErrorMessage}";
        }
    }

    [Function(nameof(Fail))]
    public static Task Fail([ActivityTrigger] string reason) => throw new InvalidOperationException(reason);

    [Function(nameof(WaitForName))]
    public static async Task<string> WaitForName([OrchestrationTrigger] TaskOrchestrationContext context) =>
        $"hello {await context.WaitForExternalEvent<string>("name")}";

    [Function(nameof(RunBlocked))]
    public static Task<string> RunBlocked([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync<string>(nameof(BlockOnce));

    /// <summary>The first time it waits until the host stops, the second time it succeeds.</summary>
    [Function(nameof(BlockOnce))]
    public async Task<string> BlockOnce([ActivityTrigger] object? input, CancellationToken cancellationToken)
    {
        if (trace.Blocked.TrySetResult())
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        return $"done{input}";
    }
}
