namespace Pipeline.Medallion.Tests;

/// <summary>A clock that moves when told to; a timer rings as soon as it is set, if told so.</summary>
internal sealed class ManualClock(DateTimeOffset? start = null) : TimeProvider
{
    private DateTimeOffset now = start ?? DateTimeOffset.UtcNow;

    /// <summary>How long a timer of any length really takes; null: as long as it says.</summary>
    public TimeSpan? TimersTake { get; init; }

    public override DateTimeOffset GetUtcNow() => now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime == TimeSpan.FromSeconds(30) && TimersTake is { } instead ? instead : dueTime, period);

    public void Advance(TimeSpan by) => now += by;
}
