using Microsoft.Azure.Functions.Worker.Hosting;

namespace Microsoft.Azure.Functions.Worker;

public static class FunctionContextBindingFeatureExtensions
{
    public static InvocationResult<T> GetInvocationResult<T>(this FunctionContext context)
    {
        var outcome = Outcome(context);
        return outcome.Value is T
            ? new InvocationOutcome<T>(outcome)
            : throw new InvalidOperationException($"The result of the invocation is a {outcome.Value?.GetType().ToString() ?? "null"}, not a {typeof(T)}.");
    }

    public static InvocationResult GetInvocationResult(this FunctionContext context) => Outcome(context);

    private static InvocationOutcome Outcome(FunctionContext context) =>
        context.Features.Get<InvocationOutcome>() ?? throw new InvalidOperationException("The context carries no result: it was not made by the functions host.");
}
