using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>Where an operation is stopped.</summary>
public enum Place
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>Before it reads the log for the first time.</summary>
    Read,

    /// <summary>Before it puts its log entry; a vacuum before it deletes its first file.</summary>
    Effect,

    /// <summary>After its log entry is put, before it writes the checkpoint that is due.</summary>
    Checkpoint,
}

/// <summary>A lake that stops its user once, at a place, until it is released.</summary>
internal sealed class StopLake(ILake lake, Place place) : LakeDecorator(lake)
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the user has come to the place.</summary>
    public Task Reached => reached.Task;

    public void Release() => released.TrySetResult();

    protected override async Task BeforeAsync(Call call, string path)
    {
        if (IsPlace(call, path.Contains("/_delta_log/", StringComparison.Ordinal)) && reached.TrySetResult())
        {
            await released.Task;
        }
    }

    private bool IsPlace(Call call, bool isLog) => place switch
    {
        Place.Read => isLog && call is Call.Read,
        Place.Effect => (isLog && call is Call.Create) || call is Call.Delete,
        Place.Checkpoint => isLog && call is Call.Upload,
        _ => false,
    };
}
