namespace Microsoft.Azure.Functions.Worker;

public sealed class SignalRMessageAction(string target)
{
    public SignalRMessageAction(string target, object[]? arguments)
        : this(target) => Arguments = arguments;

    public string? ConnectionId { get; set; }

    public string? UserId { get; set; }

    public string? GroupName { get; set; }

    public string Target { get; } = target ?? throw new ArgumentNullException(nameof(target));

    public object[]? Arguments { get; set; }
}
