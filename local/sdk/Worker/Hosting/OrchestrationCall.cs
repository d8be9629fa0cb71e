using System.Reflection;
using Microsoft.DurableTask;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>What an orchestrator is called with: its context, whose input a further parameter takes.</summary>
internal sealed record OrchestrationCall(TaskOrchestrationContext Context)
{
    private static readonly MethodInfo GetInput =
        typeof(TaskOrchestrationContext).GetMethod(nameof(TaskOrchestrationContext.GetInput)) ?? throw new MissingMethodException();

    public object? Input(Type type) => GetInput.MakeGenericMethod(type).Invoke(Context, BindingFlags.DoNotWrapExceptions, null, [], null);
}
