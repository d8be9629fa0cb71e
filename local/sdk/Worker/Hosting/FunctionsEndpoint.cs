namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Where the host listens: on this machine only.</summary>
internal sealed class FunctionsEndpoint(int configuredPort)
{
    /// <summary>The port asked for; 0 for any that is free.</summary>
    public int ConfiguredPort => configuredPort;

    /// <summary>The address, once the host has started.</summary>
    public Uri Url { get; set; } = new($"http://127.0.0.1:{configuredPort}");
}
