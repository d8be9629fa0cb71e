using System.Diagnostics;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>One call of a function.</summary>
/// <param name="function">What is called.</param>
/// <param name="trigger">What its trigger parameter is made from.</param>
/// <param name="bindingData">Further values that parameters bind to by name.</param>
/// <param name="services">The scope of this call.</param>
/// <param name="cancellationToken">Cancelled when the host stops or, for HTTP, the client has gone.</param>
/// <param name="retry">The attempt, if the function has a retry policy.</param>
internal sealed class Invocation(
    DiscoveredFunction function,
    object trigger,
    IReadOnlyDictionary<string, object?> bindingData,
    IServiceProvider services,
    CancellationToken cancellationToken,
    RetryContext? retry = null) : FunctionContext
{
    public DiscoveredFunction Function => function;

    public object Trigger => trigger;

    public InvocationOutcome Outcome { get; } = new();

    public override string InvocationId { get; } = Guid.NewGuid().ToString();

    public override string FunctionId => function.Id;

    public override TraceContext TraceContext { get; } = new ActivityTrace(Activity.Current);

    public override BindingContext BindingContext { get; } = new NamedValues(bindingData);

    // The real worker, too, has null here when the function has no retry policy, whatever the type says.
    public override RetryContext RetryContext => retry!;

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override FunctionDefinition FunctionDefinition => function;

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override IInvocationFeatures Features => field ??= new InvocationFeatures(Outcome);

    public override CancellationToken CancellationToken { get; } = cancellationToken;

    private sealed class ActivityTrace(Activity? activity) : TraceContext
    {
        public override string TraceParent { get; } = activity?.Id ?? "";

        public override string TraceState { get; } = activity?.TraceStateString ?? "";
    }

    private sealed class NamedValues(IReadOnlyDictionary<string, object?> values) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => values;
    }
}
