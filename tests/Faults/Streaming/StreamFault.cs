namespace Pipeline.Faults.Streaming;

/// <summary>A kind of fault that is injected again and again while events flow.</summary>
internal abstract class StreamFault(string kind, string description)
{
    /// <summary>Its name on the command line.</summary>
    public string Kind => kind;

    /// <summary>What happens.</summary>
    public string Description => description;

    /// <summary>Whether everything that was sent has to be read before: what the broker loses with its memory cannot be read any more.</summary>
    public virtual bool NeedsAllRead => false;

    /// <summary>Injects the fault. It returns when the fault is over: from then on the recovery is timed.</summary>
    public abstract Task InjectAsync(StreamSandbox sandbox, Random random, CancellationToken cancellationToken);

    /// <summary>What whoever runs the app does afterwards; it is part of the recovery.</summary>
    public virtual Task MendAsync(StreamSandbox sandbox, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Leaves the sandbox as it was found.</summary>
    public virtual Task EndAsync(StreamSandbox sandbox, CancellationToken cancellationToken) => Task.CompletedTask;
}
