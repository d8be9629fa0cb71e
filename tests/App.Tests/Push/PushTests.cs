using System.Text.Json;

namespace Pipeline.App.Tests.Push;

/// <summary>The push with clients as users have them. Other tests' runs write events meanwhile.</summary>
public sealed class PushTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task Negotiate_Caller_GetsTheHubOfTheAddressItCame()
    {
        var answer = await Api.PostAsync("live/negotiate?negotiateVersion=1");

        Assert.Equal($"{northwind.App.Root.GetLeftPart(UriPartial.Authority)}/runtime/webhooks/signalr/pipeline", answer.Body.GetProperty("url").GetString());
        Assert.NotEmpty(answer.Body.GetProperty("accessToken").GetString()!);
        Assert.Equal(["url", "accessToken"], answer.Body.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Events_ClientThatReconnects_HearsEachOnceAndInOrder()
    {
        await northwind.App.DefineAsync("pushed", models: ("gold/labels", "select label from silver.items"));
        var begin = await EndAsync();
        await using var listener = new EventListener(northwind.App, begin);
        await listener.StartAsync();

        var first = await Api.StartAsync("pushed");
        await listener.UntilAsync("run.started", first);
        await listener.StopAsync();
        await Api.FollowAsync(first);
        var second = await Api.StartAsync("pushed");
        await listener.StartAsync();
        await Api.FollowAsync(second);
        var heard = await listener.UntilAsync("run.succeeded", second);

        await RequireAllAsync(begin, heard);
        Assert.NotEqual(0, listener.Pushed);
        Assert.Equal(0, listener.Repeated);
    }

    [Fact]
    public async Task Events_ClientOfNpm_HearsEachOnceAndInOrder()
    {
        await northwind.App.DefineAsync("overheard");
        var begin = await EndAsync();

        var told = await Node.RunAsync("Push/client/listen.mjs", northwind.App.Root.ToString(), "overheard", $"{begin}");

        var heard = told.GetProperty("heard").EnumerateArray().ToList();
        await RequireAllAsync(begin, heard);
        Assert.InRange(told.GetProperty("pushed").GetInt32(), 1, heard.Count);
        Assert.Equal(1, told.GetProperty("interruptions").GetInt32());
    }

    private async Task<long> EndAsync()
    {
        var last = 0L;
        for (var from = -1L; from != last;)
        {
            from = last;
            last = (await Api.GetAsync($"events?after={from}&limit=1000")).Body.GetProperty("last").GetInt64();
        }

        return last;
    }

    /// <summary>What was heard is the log, event by event.</summary>
    private async Task RequireAllAsync(long begin, IReadOnlyList<JsonElement> heard)
    {
        var log = (await Api.GetAsync($"events?after={begin}&limit=1000")).Body.GetProperty("events").EnumerateArray().Take(heard.Count).ToList();
        Assert.Equal(log.Select(e => e.GetProperty("sequence").GetInt64()), heard.Select(e => e.GetProperty("sequence").GetInt64()));
        Assert.All(log.Zip(heard), pair => Assert.True(JsonElement.DeepEquals(pair.First, pair.Second), $"{pair}"));
    }
}
