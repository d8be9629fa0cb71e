using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.LakeTesting;

/// <summary>The lake of an instance that dies before a write, and does nothing any more.</summary>
/// <param name="lake">The lake.</param>
/// <param name="writes">How many writes it lives for.</param>
public sealed class DyingLake(ILake lake, int writes) : LakeDecorator(lake)
{
    private int done;
    private volatile bool dead;

    protected override Task BeforeAsync(Call call, string path)
    {
        dead |= call is Call.Write or Call.Create or Call.Upload && Interlocked.Increment(ref done) > writes;
        return dead ? throw new TransientException("This instance is dead.") : Task.CompletedTask;
    }
}
