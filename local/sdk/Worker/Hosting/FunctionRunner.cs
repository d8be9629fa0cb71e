using System.Diagnostics;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Runs an invocation through the app's middleware.</summary>
internal sealed class FunctionRunner(IEnumerable<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware, ILoggerFactory loggers)
{
    private readonly FunctionExecutionDelegate pipeline = middleware.Reverse().Aggregate<
        Func<FunctionExecutionDelegate, FunctionExecutionDelegate>, FunctionExecutionDelegate>(CallAsync, (next, wrap) => wrap(next));

    /// <summary>Runs and logs; an exception of function or middleware is logged and thrown on.</summary>
    public async Task<object?> RunAsync(Invocation invocation)
    {
        var name = invocation.Function.Name;
        var log = loggers.CreateLogger($"Function.{name}");
        var started = Stopwatch.GetTimestamp();
        log.Executing(name, invocation.InvocationId);
        try
        {
            await RunSilentlyAsync(invocation);
            var result = await SendAsync(invocation);
            // A fan-out has thousands of activities, and a line for each would be slower than many of them.
            log.Succeeded(invocation.Trigger is ActivityCall ? LogLevel.Debug : LogLevel.Information, name, invocation.InvocationId, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            return result;
        }
        catch (OperationCanceledException e) when (invocation.CancellationToken.IsCancellationRequested)
        {
            log.Canceled(e, name, invocation.InvocationId, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            throw;
        }
        catch (Exception e)
        {
            log.Failed(e, name, invocation.InvocationId, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            throw;
        }
    }

    /// <summary>Runs only: an orchestrator is called on every replay, and its end is the task hub's to report.</summary>
    public async Task<object?> RunSilentlyAsync(Invocation invocation)
    {
        await pipeline(invocation);
        return invocation.Outcome.Value;
    }

    /// <summary>Hands on what the function returned for its output bindings. What cannot be sent fails the invocation, as it does in Azure.</summary>
    /// <returns>The function's result: null where its properties were the outputs.</returns>
    private static async Task<object?> SendAsync(Invocation invocation)
    {
        foreach (var output in invocation.Function.Outputs)
        {
            if (output.Value(invocation.Outcome.Value) is { } value)
            {
                await invocation.InstanceServices.GetRequiredService<SignalRService>().SendAsync(invocation, (SignalROutputAttribute)output.Attribute, value);
            }
        }

        return invocation.Function.Outputs.Any(output => output.Property is not null) ? null : invocation.Outcome.Value;
    }

    private static async Task CallAsync(FunctionContext context)
    {
        var invocation = context as Invocation
            ?? throw new InvalidOperationException("Middleware has replaced the function's context. Pass on the one that it was given.");
        invocation.Outcome.Value = await invocation.Function.CallAsync(invocation);
    }
}
