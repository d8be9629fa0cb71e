using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

public sealed class SignalRConnectionInfoInputAttribute : InputBindingAttribute
{
    public string? HubName { get; set; }

    public string? UserId { get; set; }
}
