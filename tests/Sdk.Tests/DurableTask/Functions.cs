using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Engine;

namespace Pipeline.Sdk.Tests.DurableTask;

/// <summary>The functions of a test, called as the worker calls those of an app.</summary>
internal sealed class Functions : IDurableFunctionInvoker
{
    private readonly ConcurrentDictionary<string, Func<string?, CancellationToken, Task<string?>>> activities = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Func<TaskOrchestrationContext, Task<string?>>> orchestrators = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How often each activity was run.</summary>
    public ConcurrentDictionary<string, int> Runs { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Runs around every orchestrator, as the user's middleware does.</summary>
    public Func<Func<Task<string?>>, Task<string?>> Middleware { get; init; } = next => next();

    public Functions Activity<TIn, TOut>(string name, Func<TIn, CancellationToken, Task<TOut>> run)
    {
        activities[name] = async (json, stop) =>
        {
            Runs.AddOrUpdate(name, 1, (_, n) => n + 1);
            return JsonSerializer.Serialize(await run(json is null ? default! : JsonSerializer.Deserialize<TIn>(json)!, stop));
        };
        return this;
    }

    public Functions Activity<TIn, TOut>(string name, Func<TIn, TOut> run) => Activity<TIn, TOut>(name, (input, _) => Task.FromResult(run(input)));

    public Functions Orchestrator<TOut>(string name, Func<TaskOrchestrationContext, Task<TOut>> run)
    {
        orchestrators[name] = async context => JsonSerializer.Serialize(await run(context));
        return this;
    }

    public bool IsActivity(string name) => activities.ContainsKey(name);

    public bool IsOrchestrator(string name) => orchestrators.ContainsKey(name);

    public Task<string?> RunActivityAsync(string name, string instanceId, string? inputJson, CancellationToken cancellationToken) =>
        activities[name](inputJson, cancellationToken);

    public Task<string?> RunOrchestratorAsync(string name, TaskOrchestrationContext context, string? inputJson) =>
        Middleware(() => orchestrators[name](context));
}
