namespace Pipeline.Faults.Streaming.Kinds;

/// <summary>Several kinds, one after the other.</summary>
internal sealed class MixedFault(string kind, string description, IReadOnlyList<StreamFault> parts) : StreamFault(kind, description)
{
    private int next;

    public override Task InjectAsync(StreamSandbox sandbox, Random random, CancellationToken cancellationToken) => parts[next++ % parts.Count].InjectAsync(sandbox, random, cancellationToken);
}
