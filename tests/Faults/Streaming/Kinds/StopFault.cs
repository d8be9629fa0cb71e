namespace Pipeline.Faults.Streaming.Kinds;

/// <summary>Everything is stopped and started: storage keeps what it has, the broker forgets everything and numbers events from 0 again.</summary>
internal sealed class StopFault() : StreamFault("stop", "stop everything, start, send again")
{
    public override bool NeedsAllRead => true;

    public override Task InjectAsync(StreamSandbox sandbox, Random random, CancellationToken cancellationToken) => sandbox.StopAllAsync();

    public override Task MendAsync(StreamSandbox sandbox, CancellationToken cancellationToken) => sandbox.StartAllAsync(cancellationToken);
}
