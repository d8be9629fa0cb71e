namespace Pipeline.Faults.Streaming.Kinds;

/// <summary>The process of the app is gone at once, and is started again.</summary>
internal sealed class KillFault() : StreamFault("kill", "kill -9 of the app")
{
    public override Task InjectAsync(StreamSandbox sandbox, Random random, CancellationToken cancellationToken) => sandbox.App.KillAsync();

    public override Task MendAsync(StreamSandbox sandbox, CancellationToken cancellationToken) => sandbox.StartAppAsync(sandbox.App, cancellationToken);
}
