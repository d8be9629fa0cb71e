namespace Microsoft.Azure.Functions.Worker;

public sealed class SignalRConnectionInfo
{
    // Never null when the host makes it; the real type is not annotated.
    public string Url { get; set; } = "";

    public string AccessToken { get; set; } = "";
}
