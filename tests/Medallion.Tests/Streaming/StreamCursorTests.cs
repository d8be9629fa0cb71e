using Pipeline.Medallion.Streaming;

namespace Pipeline.Medallion.Tests.Streaming;

public sealed class StreamCursorTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Take_FromNothing_TakesAllAndMissesNothing()
    {
        var cursor = new StreamCursor(null);

        Assert.All(new[] { At(700, 0), At(701, 1), At(702, 1) }, e => Assert.True(cursor.Take(e)));
        Assert.Equal(new StreamPosition(702, Noon.AddSeconds(1), 0), cursor.Position);
        Assert.Empty(cursor.Gaps);
    }

    [Fact]
    public void Take_RepeatsAndOverlap_TakesWhatIsNew()
    {
        var cursor = new StreamCursor(new StreamPosition(10, Noon, 0));

        Assert.Equal([false, false, true, false, true], new[] { At(9, -5), At(10, 0), At(11, 0), At(10, 0), At(12, 3) }.Select(cursor.Take));
        Assert.Equal((3L, 12L), (cursor.Repeats, cursor.Position?.Sequence));
    }

    [Fact]
    public void Take_LowerNumberAtALaterTime_IsOfAHubThatWasCreatedAnew()
    {
        var cursor = new StreamCursor(new StreamPosition(10, Noon, 0));

        Assert.True(cursor.Take(At(0, 60)));
        Assert.True(cursor.Take(At(1, 60)));
        Assert.False(cursor.Take(At(0, 60)));
        Assert.Equal(new StreamPosition(1, Noon.AddSeconds(60), 1), cursor.Position);
        Assert.Equal("hub/3@1", cursor.Position?.File(new HubPartition("hub", "3")));
    }

    /// <summary>Times of producers go back and forth; a repeat of an event that had a late one is no new hub.</summary>
    [Fact]
    public void Take_TimesThatGoBack_KeepTheLatest()
    {
        var cursor = new StreamCursor(null);

        Assert.Equal([true, true, false, false], new[] { At(0, 100), At(1, 2), At(0, 100), At(1, 2) }.Select(cursor.Take));
        Assert.Equal(new StreamPosition(1, Noon.AddSeconds(100), 0), cursor.Position);
    }

    [Fact]
    public void Take_MissingNumbers_AreGaps()
    {
        var cursor = new StreamCursor(new StreamPosition(10, Noon, 0));
        foreach (var next in new[] { At(11, 1), At(15, 1), At(14, 1), At(16, 2), At(18, 2) })
        {
            cursor.Take(next);
        }

        Assert.Equal([(12L, 14L), (17L, 17L)], cursor.Gaps);
    }

    private static StreamEvent At(long sequence, int seconds) => new() { Sequence = sequence, EnqueuedUtc = Noon.AddSeconds(seconds), Body = default };
}
