namespace Microsoft.DurableTask.Engine;

/// <summary>How the hub calls the functions of the app. The worker implements it: bindings, dependency injection, the user's middleware.</summary>
internal interface IDurableFunctionInvoker
{
    /// <summary>True if an activity function of that name exists; names are compared ignoring case.</summary>
    bool IsActivity(string name);

    /// <summary>True if an orchestrator function of that name exists; names are compared ignoring case.</summary>
    bool IsOrchestrator(string name);

    /// <summary>Runs an activity once, on the thread pool. What it throws becomes the task's failure, by type and message.</summary>
    /// <returns>The result as JSON; null if there is none.</returns>
    Task<string?> RunActivityAsync(string name, string instanceId, string? inputJson, CancellationToken cancellationToken);

    /// <summary>
    /// Runs middleware and orchestrator, on every replay. It is called on the orchestration's own single-threaded scheduler and must stay on it:
    /// no ConfigureAwait(false), no await on anything that is not complete except what comes from <paramref name="context"/>.
    /// The returned task is dropped, unfinished, whenever the orchestrator waits for something that has not happened yet.
    /// </summary>
    /// <returns>The orchestrator's result as JSON; null if there is none.</returns>
    Task<string?> RunOrchestratorAsync(string name, TaskOrchestrationContext context, string? inputJson);
}
