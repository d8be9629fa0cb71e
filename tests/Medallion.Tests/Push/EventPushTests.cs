using System.Globalization;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Push;

namespace Pipeline.Medallion.Tests.Push;

/// <summary>Other tests write to the log meanwhile; there is one cursor, and these tests alone use it.</summary>
public sealed class EventPushTests(MedallionFixture medallion) : IAsyncLifetime
{
    private static int sources;
    private readonly PushCursorStore cursors = medallion.Floor.GetRequiredService<PushCursorStore>();
    private readonly string source = $"push{Interlocked.Increment(ref sources)}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await cursors.CreateAsync(Cancelled);
        await new TableServiceClient(medallion.ConnectionString).GetTableClient("push").DeleteEntityAsync("cursors", "events", cancellationToken: Cancelled);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Next_NewCursor_BeginsAtTheEnd()
    {
        await AppendAsync(1);
        var push = Instance();

        Assert.Empty(await push.NextAsync(lastWasSent: true, Cancelled));
        await AppendAsync(2);

        Assert.Equal(["0", "1"], Own(await push.NextAsync(lastWasSent: true, Cancelled)));
    }

    [Fact]
    public async Task Next_ManyEvents_AreCutIntoMessagesWithoutGap()
    {
        var push = Instance();
        await push.NextAsync(lastWasSent: true, Cancelled);
        var from = (await cursors.FindAsync(Cancelled))!.Sequence;
        await AppendAsync(250);

        var messages = await push.NextAsync(lastWasSent: true, Cancelled);

        Assert.Equal(Numbers(250), Own(messages));
        Assert.All(messages, message => Assert.InRange(message.Events.Count, 1, 100));
        RequireChain(messages, from);
        Assert.Equal(from, (await cursors.FindAsync(Cancelled))!.Sequence);
        Assert.Empty(Own(await push.NextAsync(lastWasSent: true, Cancelled)));
        Assert.True((await cursors.FindAsync(Cancelled))!.Sequence >= messages[^1].Last);
    }

    [Fact]
    public async Task Next_LargeEvents_AreCutBySize()
    {
        var push = Instance();
        await push.NextAsync(lastWasSent: true, Cancelled);
        await AppendAsync(80, new string('x', 7500));

        var messages = await push.NextAsync(lastWasSent: true, Cancelled);

        Assert.Equal(Numbers(80), Own(messages));
        Assert.All(messages, message => Assert.InRange(Json.Write(message).Length, 1, EventPush.MessageBytes + 1000));
        Assert.InRange(messages.Count, 3, 6);
    }

    [Fact]
    public async Task Next_LastWasNotSent_IsHandedOutAgain()
    {
        var push = Instance();
        await push.NextAsync(lastWasSent: true, Cancelled);
        await AppendAsync(3);
        var first = await push.NextAsync(lastWasSent: true, Cancelled);

        var again = await push.NextAsync(lastWasSent: false, Cancelled);

        Assert.Equal(first[0].Previous, again[0].Previous);
        Assert.Equal(Numbers(3), Own(again));
        Assert.Empty(Own(await push.NextAsync(lastWasSent: true, Cancelled)));
    }

    /// <summary>Whoever goes by <see cref="EventMessage.Previous"/> hears everything once.</summary>
    [Fact]
    public async Task Next_InstancesThatEndAndTakeTurns_MissNothing()
    {
        await Instance().NextAsync(lastWasSent: true, Cancelled);
        var seen = (await cursors.FindAsync(Cancelled))!.Sequence;
        var heard = new List<string>();
        EventPush[] instances = [Instance(), Instance()];
        for (var tick = 0; tick < 12; tick++)
        {
            await AppendAsync(1, tick: tick);
            if (tick % 5 == 4)
            {
                instances[0] = Instance();
            }

            foreach (var message in await instances[tick / 3 % 2].NextAsync(lastWasSent: true, Cancelled))
            {
                Assert.True(message.Previous <= seen, $"{seen} was seen, and the next message begins after {message.Previous}.");
                heard.AddRange(Own([message], after: seen));
                seen = Math.Max(seen, message.Last);
            }
        }

        Assert.Equal(Numbers(12), heard);
    }

    [Fact]
    public async Task Next_LogWasLost_BeginsAnew()
    {
        await AppendAsync(1);
        await cursors.TryMoveAsync(1_000_000_000, null, Cancelled);
        var push = Instance();

        Assert.Empty(await push.NextAsync(lastWasSent: true, Cancelled));

        Assert.Equal(0, (await push.NextAsync(lastWasSent: true, Cancelled))[0].Previous);
    }

    private static void RequireChain(IEnumerable<EventMessage> messages, long previous)
    {
        foreach (var message in messages)
        {
            Assert.Equal((previous, message.Events[0].Sequence, message.Events[^1].Sequence), (message.Previous, message.First, message.Last));
            Assert.Equal(message.Events.Select((_, i) => message.First + i), message.Events.Select(e => e.Sequence));
            previous = message.Last;
        }
    }

    private static IEnumerable<string> Numbers(int count) => Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture));

    private IEnumerable<string> Own(IEnumerable<EventMessage> messages, long after = 0) =>
        messages.SelectMany(message => message.Events).Where(e => e.Source == source && e.Sequence > after).Select(e => e.Message);

    private EventPush Instance() => medallion.Compose(TimeProvider.System).GetRequiredService<EventPush>();

    private Task AppendAsync(int count, string? data = null, int tick = 0) => Task.WhenAll(Enumerable.Range(tick, count).Select(i => medallion.Floor.GetRequiredService<EventLog>().AppendAsync(
        new NewEvent { Type = "told", Source = source, Message = i.ToString(CultureInfo.InvariantCulture), Data = EventData.Of(("text", data)) }, Cancelled)));
}
