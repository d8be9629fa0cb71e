using Pipeline.Faults.Streaming;

namespace Pipeline.Faults.Tests;

/// <summary>One sandbox for all kinds of faults to streams.</summary>
public sealed class StreamFixture : IAsyncLifetime
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private StreamSandbox? sandbox;

    internal StreamSandbox Sandbox => sandbox ?? throw new InvalidOperationException("The sandbox is not there.");

    public async ValueTask InitializeAsync() => sandbox = await StreamSandbox.StartAsync(Pace, CancellationToken.None);

    public ValueTask DisposeAsync() => sandbox?.DisposeAsync() ?? ValueTask.CompletedTask;
}
