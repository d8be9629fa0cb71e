namespace Pipeline.Local.Events;

/// <summary>Lets events through at a rate. What was missed by a moment is made up for, what was missed by longer is not.</summary>
/// <param name="rate">Events a second; 0 lets all of them through.</param>
/// <param name="clock">The time.</param>
internal sealed class Pace(int rate, TimeProvider clock)
{
    private const double Patience = 0.25;
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(2);
    private readonly long begun = clock.GetTimestamp();
    private double due;

    /// <summary>Waits until it is the next event's turn.</summary>
    public Task TurnAsync(CancellationToken cancellationToken)
    {
        if (rate == 0)
        {
            return Task.CompletedTask;
        }

        var now = clock.GetElapsedTime(begun).TotalSeconds;
        due = Math.Max(due, now - Patience);
        var wait = TimeSpan.FromSeconds(due - now);
        due += 1.0 / rate;
        return wait > ShortestWait ? Task.Delay(wait, clock, cancellationToken) : Task.CompletedTask;
    }
}
