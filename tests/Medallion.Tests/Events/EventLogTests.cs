using System.Collections.Concurrent;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Events;

namespace Pipeline.Medallion.Tests.Events;

public sealed class EventLogTests(MedallionFixture medallion)
{
    private static int sources;
    private readonly EventLog log = medallion.Floor.GetRequiredService<EventLog>();
    private readonly string source = $"events{Interlocked.Increment(ref sources)}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private EventFilter Own => new() { Source = source };

    [Fact]
    public async Task Append_ByManyInstancesAtOnce_ReaderSeesEachOnceAndInOrder()
    {
        const int Writers = 8;
        const int Each = 50;
        var instances = Enumerable.Range(0, Writers).Select(_ => Instance()).ToList();
        var seen = new List<PipelineEvent>();
        var after = 0L;

        var writing = Task.WhenAll(instances.Select((instance, writer) => WriteAsync(instance, writer)));
        while (!writing.IsCompleted)
        {
            await ReadOnAsync();
        }

        var numbers = await writing;
        while (seen.Count < Writers * Each && after < numbers.Max(n => n[^1]))
        {
            await ReadOnAsync();
        }

        Assert.Equal(numbers.SelectMany(n => n).Order(), seen.Select(e => e.Sequence));
        Assert.All(Enumerable.Range(0, Writers), writer => Assert.Equal(
            Enumerable.Range(0, Each).Select(i => $"{writer}-{i}"), seen.Where(e => e.Type == $"written.{writer}").Select(e => e.Message)));

        async Task ReadOnAsync()
        {
            var page = await log.ReadAsync(Own, after, 37, Cancelled);
            seen.AddRange(page.Events);
            after = page.Last;
        }

        async Task<List<long>> WriteAsync(EventLog instance, int writer)
        {
            var own = new List<long>();
            for (var i = 0; i < Each; i++)
            {
                own.Add(await instance.AppendAsync(Happened($"written.{writer}", $"{writer}-{i}"), Cancelled));
            }

            return own;
        }
    }

    [Fact]
    public async Task Append_SameKeyByMany_IsOneEvent()
    {
        EventLog[] instances = [log, Instance()];
        var happened = Happened("once") with { Key = $"{source}/once" };

        var numbers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => instances[i % 2].AppendAsync(i % 5 == 4 ? Happened("often") : happened, Cancelled)));
        var again = await log.AppendAsync(happened with { Message = "again" }, Cancelled);

        var once = Assert.Single(await ReadAsync(Own with { Type = "once" }));
        Assert.Equal("said", once.Message);
        Assert.All(numbers.Where((_, i) => i % 5 != 4), number => Assert.Equal(once.Sequence, number));
        Assert.Equal(once.Sequence, again);
        Assert.Equal(4, (await ReadAsync(Own with { Type = "often" })).Count);
    }

    [Fact]
    public async Task Append_ManyAtOnce_IsInTheOrderOfTheCalls()
    {
        await Task.WhenAll(Enumerable.Range(0, 120).Select(i => log.AppendAsync(Happened("row", $"{i}"), Cancelled)));

        Assert.Equal(Enumerable.Range(0, 120).Select(i => $"{i}"), (await ReadAsync(Own)).Select(e => e.Message));
    }

    [Fact]
    public async Task Append_Event_IsReadBackWhole()
    {
        var before = TimeProvider.System.GetUtcNow();
        var sequence = await log.AppendAsync(
            Happened("schema.changed", new string('m', 3000)) with { RunId = "a.1", Subject = "a.b", Data = EventData.Of(("rows", 12L), ("none", null), ("names", new[] { "ä'", "b" })) }, Cancelled);

        var read = Assert.Single(await ReadAsync(Own));
        Assert.Equal((sequence, "schema.changed", source, "a.1", "a.b"), (read.Sequence, read.Type, read.Source, read.RunId, read.Subject));
        Assert.Equal(new string('m', 2000) + " …", read.Message);
        Assert.Equal("""{"rows":12,"names":["ä'","b"]}""", System.Text.RegularExpressions.Regex.Unescape(Json.Write(read.Data)));
        Assert.InRange(read.TimeUtc, before.AddMinutes(-1), before.AddMinutes(1));
    }

    [Fact]
    public async Task Append_TooLarge_IsRefusedAndTryAppendGoesOn()
    {
        var large = Happened("large") with { Data = EventData.Of(("text", new string('x', 9000))) };

        Assert.Contains("9011 characters: expected at most 8000", (await Assert.ThrowsAsync<ArgumentException>(() => log.AppendAsync(large, Cancelled))).Message, StringComparison.Ordinal);
        await log.TryAppendAsync(large, Cancelled);
        await log.TryAppendAsync(Happened("small"), Cancelled);

        Assert.Equal("small", Assert.Single(await ReadAsync(Own)).Type);
    }

    [Theory]
    [InlineData(null, null, "abcdef")]
    [InlineData("run", null, "abc")]
    [InlineData("run.failed", null, "b")]
    [InlineData("run.fail", null, "")]
    [InlineData("ru", null, "")]
    [InlineData(null, "/silver.a", "cd")]
    [InlineData(null, "/silver", "cde")]
    [InlineData("step", "/silver.a", "d")]
    [InlineData("step' or 'a' eq 'a", null, "")]
    public async Task Read_Filter_TakesValuesAndWhatBeginsWithThem(string? type, string? below, string expected)
    {
        (string Type, string Below)[] events = [("run.started", ""), ("run.failed", ""), ("run", "/silver.a"), ("step.failed", "/silver.a"), ("step.failed", "/silver.b"), ("runs.failed", "")];
        foreach (var (told, message) in events.Zip("abcdef"))
        {
            await log.AppendAsync(Happened(told.Type, $"{message}") with { Source = source + told.Below }, Cancelled);
        }

        await log.AppendAsync(Happened("run.started", "x") with { Source = source + "z" }, Cancelled);
        var filter = new EventFilter { Type = type, Source = source + below };

        Assert.Equal(expected, string.Concat((await ReadAsync(filter)).Select(e => e.Message)));
        Assert.Equal(expected, string.Concat((await ReadAsync(new EventFilter())).Where(filter.Takes).Select(e => e.Message)));
    }

    [Fact]
    public async Task Read_PageByPage_TellsWhereToGoOn()
    {
        var numbers = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            numbers.Add(await log.AppendAsync(Happened("paged"), Cancelled));
        }

        var first = await log.ReadAsync(Own, 0, 3, Cancelled);
        var second = await log.ReadAsync(Own, first.Last, 3, Cancelled);
        var third = await log.ReadAsync(Own, second.Last, 3, Cancelled);

        Assert.Equal(numbers[2], first.Last);
        Assert.Equal(numbers, first.Events.Concat(second.Events).Select(e => e.Sequence));
        Assert.True(second.Last >= numbers[4], "what did not fit is passed over");
        Assert.Empty(third.Events);
        Assert.Equal(0, (await log.ReadAsync(Own, long.MaxValue, 3, Cancelled)).Last);
    }

    [Fact]
    public async Task Subscribe_OthersThrowOrLag_GetsEveryEvent()
    {
        var received = new ConcurrentQueue<long>();
        var lagging = new ConcurrentQueue<EventDelivery>();
        var threw = 0;
        var go = new TaskCompletionSource();
        await using var throwing = log.Subscribe(Own, (_, _) => Interlocked.Increment(ref threw) > 0 ? throw new InvalidOperationException("a bad receiver") : Task.CompletedTask);
        await using var slow = log.Subscribe(Own, async (news, _) => { await go.Task; lagging.Enqueue(news); }, capacity: 3);
        await using var good = log.Subscribe(Own with { Type = "news" }, (news, _) => { received.Enqueue(news.Event.Sequence); return Task.CompletedTask; });

        var numbers = new List<long>();
        for (var i = 0; i < 10; i++)
        {
            numbers.Add(await log.AppendAsync(Happened("news.flash"), Cancelled));
            await log.AppendAsync(Happened("other") with { Source = "elsewhere" }, Cancelled);
        }

        await UntilAsync(() => received.Count == 10 && threw == 10);
        go.SetResult();
        await UntilAsync(() => lagging.Any(d => d.Event.Sequence == numbers[9]));

        Assert.Equal(numbers, received);
        var gap = Assert.Single(lagging, d => d.MissedAfter is not null);
        var caughtUp = await log.ReadAsync(Own, gap.MissedAfter!.Value, 100, Cancelled);
        Assert.Equal(numbers, lagging.Select(d => d.Event.Sequence).Concat(caughtUp.Events.Select(e => e.Sequence)).Distinct().Order());
        Assert.InRange(lagging.Count, 3, 4);
    }

    [Fact]
    public async Task Subscribe_Disposed_GetsNothingMore()
    {
        var received = 0;
        await using (log.Subscribe(Own, async (_, token) => { Interlocked.Increment(ref received); await Task.Delay(Timeout.Infinite, token); }))
        {
            await log.AppendAsync(Happened("first"), Cancelled);
            await UntilAsync(() => received == 1);
        }

        await log.AppendAsync(Happened("second"), Cancelled);

        Assert.Equal(1, received);
    }

    [Fact]
    public async Task Follow_EventsOfAllInstances_GivesEachOnceInOrder()
    {
        var other = Instance();
        var numbers = new List<long> { await log.AppendAsync(Happened("old"), Cancelled), await other.AppendAsync(Happened("old"), Cancelled) };
        var followed = new List<long>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var following = Task.Run(async () =>
        {
            await foreach (var told in log.FollowAsync(Own, numbers[0] - 1, end.Token))
            {
                followed.Add(told.Sequence);
            }
        });

        for (var i = 0; i < 20; i++)
        {
            numbers.Add(await (i % 2 == 0 ? log : other).AppendAsync(Happened("new"), Cancelled));
        }

        await UntilAsync(() => followed.Count == numbers.Count);
        await end.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
        Assert.Equal(numbers, followed);
    }

    [Fact]
    public async Task Trim_OldEvents_GoWithTheirKeysAndNumbersGoOn()
    {
        var clock = new ManualClock();
        await using var own = new MedallionFixture();
        await own.InitializeAsync();
        var aged = own.Compose(clock).GetRequiredService<EventLog>();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => aged.AppendAsync(Happened("old") with { Key = $"{i}" }, Cancelled)));
        clock.Advance(EventLog.Retention / 2);
        await aged.AppendAsync(Happened("young") with { Key = "young" }, Cancelled);
        clock.Advance((EventLog.Retention / 2) + TimeSpan.FromMinutes(1));

        await aged.TrimAsync(Cancelled);

        var left = Assert.Single((await aged.ReadAsync(EventFilter.All, 0, 100, Cancelled)).Events);
        Assert.Equal(("young", 61), (left.Type, left.Sequence));
        Assert.Equal(61, await aged.AppendAsync(Happened("young") with { Key = "young" }, Cancelled));
        Assert.Equal(62, await aged.AppendAsync(Happened("old") with { Key = "1" }, Cancelled));
    }

    [Fact]
    public async Task Append_TableIsLost_FailsAtOnceAndANewOneBeginsAtOne()
    {
        await using var own = new MedallionFixture();
        await own.InitializeAsync();
        var lost = own.Floor.GetRequiredService<EventLog>();
        await lost.AppendAsync(Happened("old"), Cancelled);
        await lost.AppendAsync(Happened("old"), Cancelled);
        await own.Floor.GetRequiredService<TableServiceClient>().DeleteTableAsync("events", Cancelled);

        await Assert.ThrowsAsync<TerminalException>(() => lost.AppendAsync(Happened("nowhere"), Cancelled));
        await lost.CreateAsync(Cancelled);

        Assert.Equal(1, await lost.AppendAsync(Happened("new"), Cancelled));
        Assert.Equal(0, (await lost.ReadAsync(Own, 2, 10, Cancelled)).Last);
    }

    private EventLog Instance() => medallion.Compose(TimeProvider.System).GetRequiredService<EventLog>();

    private NewEvent Happened(string type, string message = "said") => new() { Type = type, Source = source, Message = message };

    private async Task<IReadOnlyList<PipelineEvent>> ReadAsync(EventFilter filter)
    {
        var events = new List<PipelineEvent>();
        for (var page = await log.ReadAsync(filter, 0, EventLog.MaxLimit, Cancelled); page.Events.Count > 0; page = await log.ReadAsync(filter, page.Last, EventLog.MaxLimit, Cancelled))
        {
            events.AddRange(page.Events);
        }

        return events;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            Assert.False(deadline.IsCancellationRequested, "It did not happen in time.");
            await Task.Delay(10, Cancelled);
        }
    }
}
