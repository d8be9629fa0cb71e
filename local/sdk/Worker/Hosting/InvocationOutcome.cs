namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>What the function returned; middleware may replace it.</summary>
internal sealed class InvocationOutcome : InvocationResult
{
    public override object? Value { get; set; }
}

/// <summary>The same outcome, seen as a <typeparamref name="T"/>.</summary>
internal sealed class InvocationOutcome<T>(InvocationOutcome outcome) : InvocationResult<T>
{
    public override T? Value
    {
        get => (T?)outcome.Value;
        set => outcome.Value = value;
    }
}
