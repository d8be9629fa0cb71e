namespace Pipeline.Faults.Streaming.Kinds;

/// <summary>A second instance comes and takes half of the partitions, and goes again: asked to, or at once.</summary>
internal sealed class MoveFault() : StreamFault("move", "partition moves between two instances")
{
    private bool isThere;

    public override async Task InjectAsync(StreamSandbox sandbox, Random random, CancellationToken cancellationToken)
    {
        isThere = !isThere;
        if (isThere)
        {
            await sandbox.StartAppAsync(sandbox.Second, cancellationToken);
        }
        else if (random.Next(2) == 0)
        {
            await sandbox.Second.StopAsync();
        }
        else
        {
            await sandbox.Second.KillAsync();
        }
    }

    public override Task EndAsync(StreamSandbox sandbox, CancellationToken cancellationToken)
    {
        isThere = false;
        return sandbox.Second.StopAsync();
    }
}
