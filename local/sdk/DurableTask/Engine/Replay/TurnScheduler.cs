namespace Microsoft.DurableTask.Engine.Replay;

/// <summary>
/// Runs a turn's code, continuations included, on one thread. What arrives from another thread, or after the turn, comes from an await on
/// something that is not durable: it is never run, but reported.
/// </summary>
internal sealed class TurnScheduler(Action violated) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> work = new();
    private int thread;

    /// <summary>True if the caller is the turn's code.</summary>
    public bool IsCurrent => Volatile.Read(ref thread) == Environment.CurrentManagedThreadId;

    /// <summary>True once something foreign came in.</summary>
    public bool IsViolated { get; private set; }

    /// <summary>Runs the turn with this as its synchronization context and its task scheduler.</summary>
    public void Run(Action turn)
    {
        var outer = Current;
        thread = Environment.CurrentManagedThreadId;
        SetSynchronizationContext(this);
        try
        {
            var task = new Task(turn);
            task.RunSynchronously(new Tasks(this));
            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(outer);
            Volatile.Write(ref thread, 0);
        }
    }

    /// <summary>Runs what is queued, until nothing is.</summary>
    public void Drain()
    {
        while (work.TryDequeue(out var item))
        {
            item.Callback(item.State);
        }
    }

    /// <summary>Notes that the orchestrator ran outside its turn.</summary>
    public void Violate()
    {
        IsViolated = true;
        violated();
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsCurrent)
        {
            work.Enqueue((d, state));
        }
        else
        {
            Violate();
        }
    }

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state)
    {
        if (IsCurrent)
        {
            d(state);
        }
        else
        {
            Violate();
        }
    }

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    private sealed class Tasks(TurnScheduler turn) : TaskScheduler
    {
        public override int MaximumConcurrencyLevel => 1;

        protected override void QueueTask(Task task) => turn.Post(_ => TryExecuteTask(task), null);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => turn.IsCurrent && TryExecuteTask(task);

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
