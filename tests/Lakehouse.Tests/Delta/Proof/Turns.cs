using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>Several writers of which one at a time is at work: at every turn all have stopped, and a random number generator says who goes on. The same seed
/// gives the same course.</summary>
internal sealed class Turns(int writers, Random random)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<int, TaskCompletionSource> waiting = [];
    private int running = writers;

    /// <summary>Ends when it is the writer's turn.</summary>
    public Task WaitAsync(int writer)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            waiting.Add(writer, turn);
            Yield();
        }

        return turn.Task;
    }

    /// <summary>The writer has nothing left to do.</summary>
    public void End()
    {
        lock (gate)
        {
            Yield();
        }
    }

    private void Yield()
    {
        running--;
        if (running == 0 && waiting.Count > 0)
        {
            var writer = waiting.Keys.ElementAt(random.Next(waiting.Count));
            waiting.Remove(writer, out var turn);
            running = 1;
            turn?.SetResult();
        }
    }
}

/// <summary>A writer's lake: it waits for its turn before it looks at the log, before it puts an entry and before it writes a checkpoint.</summary>
internal sealed class TurnLake(ILake lake, Turns turns, int writer) : LakeDecorator(lake)
{
    protected override Task BeforeAsync(Call call, string path) => IsTurn(call, path) ? turns.WaitAsync(writer) : Task.CompletedTask;

    // Never where a writer makes several calls at a time.
    private static bool IsTurn(Call call, string path) => path.Contains("/_delta_log/", StringComparison.Ordinal)
        && (call is Call.Create or Call.Upload || (call is Call.Read && path.EndsWith("_last_checkpoint", StringComparison.Ordinal)));
}
