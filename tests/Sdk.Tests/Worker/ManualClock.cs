namespace Pipeline.Sdk.Tests.Worker;

/// <summary>A clock that moves when told to. Its timers ring in the order in which they are due.</summary>
internal sealed class ManualClock(DateTimeOffset start) : TimeProvider, IDisposable
{
    private readonly Lock gate = new();
    private readonly List<Alarm> alarms = [];
    private readonly SemaphoreSlim armed = new(0);
    private DateTimeOffset now = start;

    public override DateTimeOffset GetUtcNow() => now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        alarm.Change(dueTime, period);
        return alarm;
    }

    /// <summary>Waits until one more timer has been set, since the start or the last call.</summary>
    public async Task TimerSetAsync() => Assert.True(await armed.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken), "No timer was set.");

    public void Advance(TimeSpan by)
    {
        var end = now + by;
        while (TakeDue(end) is { } alarm)
        {
            alarm.Ring();
        }

        now = end;
    }

    public void Dispose() => armed.Dispose();

    private Alarm? TakeDue(DateTimeOffset end)
    {
        lock (gate)
        {
            var next = alarms.Where(alarm => alarm.Due <= end).MinBy(alarm => alarm.Due);
            if (next is not null)
            {
                alarms.Remove(next);
                now = next.Due > now ? next.Due : now;
            }

            return next;
        }
    }

    private sealed class Alarm(ManualClock clock, Action ring) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Ring() => ring();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.alarms.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = clock.now + dueTime;
                    clock.alarms.Add(this);
                    clock.armed.Release();
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                clock.alarms.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
