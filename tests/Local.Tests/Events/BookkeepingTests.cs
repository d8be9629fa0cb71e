using Pipeline.Local.Events;

namespace Pipeline.Local.Tests.Events;

/// <summary>What is remembered of what was sent.</summary>
public sealed class BookkeepingTests
{
    [Fact]
    public void SentOffsets_Neighbours_AreOneRange()
    {
        var sent = new SentOffsets();
        foreach (var (partition, offset) in new[] { (1, 5L), (0, 9L), (1, 6L), (1, 8L), (1, 7L), (1, 11L), (1, 10L) })
        {
            sent.Add(partition, offset);
        }

        Assert.Equal(7, sent.Count);
        Assert.Equal([(0, 9L), (1, 5L), (1, 6L), (1, 7L), (1, 8L), (1, 10L), (1, 11L)], sent.Ranges.SelectMany(r => Enumerable.Range((int)r.First, (int)(r.Last - r.First + 1)).Select(o => (r.Partition, (long)o))));
        Assert.True(sent.Ranges.Count <= 5, string.Join(' ', sent.Ranges));
    }

    [Fact]
    public void SentOffsets_Behind_CountsWhatIsNotTaken()
    {
        var sent = new SentOffsets();
        foreach (var offset in Enumerable.Range(10, 5).Concat(Enumerable.Range(20, 5)))
        {
            sent.Add(3, offset);
        }

        Assert.Equal(10, sent.Behind(new Dictionary<int, long>()));
        Assert.Equal(7, sent.Behind(new Dictionary<int, long> { [3] = 13 }));
        Assert.Equal(2, sent.Behind(new Dictionary<int, long> { [3] = 23 }));
        Assert.Equal(0, sent.Behind(new Dictionary<int, long> { [3] = 25 }));
    }

    [Fact]
    public void Backlog_BytesOfKey_AreThoseOfItsPartition()
    {
        var backlog = new Backlog();
        backlog.Add("A", 0, 7, 100);
        backlog.Add("A", 0, 8, 20);
        backlog.Add("B", 1, 3, 50);

        Assert.Equal((120, 50, 120), (backlog.BytesOf("A"), backlog.BytesOf("B"), backlog.BytesOf("unknown")));

        backlog.Taken(new Dictionary<int, long> { [0] = 8 });

        Assert.Equal((20, 50, 50), (backlog.BytesOf("A"), backlog.BytesOf("B"), backlog.BytesOf("unknown")));
    }

    [Fact]
    public async Task Pace_Rate_LetsSoManyThrough()
    {
        var pace = new Pace(2000, TimeProvider.System);
        var begun = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 1000; i++)
        {
            await pace.TurnAsync(TestContext.Current.CancellationToken);
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(begun).TotalSeconds, 0.45, 5);
    }

    [Theory]
    [InlineData("0.1%", 1000)]
    [InlineData("0.001", 1000)]
    [InlineData("100%", 1_000_000)]
    [InlineData("1", 1_000_000)]
    [InlineData("0", 0)]
    public void Share_Text_IsRead(string text, int partsPerMillion) => Assert.Equal(new Share(partsPerMillion), Share.TryParse(text));

    [Theory]
    [InlineData("101%")]
    [InlineData("1.5")]
    [InlineData("-1%")]
    [InlineData("few")]
    [InlineData("%")]
    public void Share_Nonsense_IsNone(string text) => Assert.Null(Share.TryParse(text));
}
