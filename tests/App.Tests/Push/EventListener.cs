using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;

namespace Pipeline.App.Tests.Push;

/// <summary>A listener as docs/events.md describes it.</summary>
internal sealed class EventListener : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly HubConnection connection;
    private readonly Api api;
    private readonly SemaphoreSlim turn = new(1);
    private readonly List<JsonElement> heard = [];
    private long seen;
    private long pushedTo;

    public EventListener(LocalApp app, long after)
    {
        (api, seen) = (app.Api, after);
        connection = new HubConnectionBuilder().WithUrl(new Uri(app.Root, "live")).Build();
        connection.On<JsonElement>("events", HearAsync);
    }

    /// <summary>How many of the events that were heard were pushed.</summary>
    public int Pushed { get; private set; }

    /// <summary>How many messages began before the end of the one before: only what could not be sent is sent again.</summary>
    public int Repeated { get; private set; }

    public async Task StartAsync()
    {
        await connection.StartAsync();
        await InTurnAsync(CatchUpAsync);
    }

    public Task StopAsync() => connection.StopAsync();

    /// <summary>What was heard, as soon as an event is among it.</summary>
    public async Task<IReadOnlyList<JsonElement>> UntilAsync(string type, string runId)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            IReadOnlyList<JsonElement> all = [];
            await InTurnAsync(() =>
            {
                all = [.. heard];
                return Task.CompletedTask;
            });
            if (all.Any(e => e.GetProperty("type").GetString() == type && e.TryGetProperty("runId", out var run) && run.GetString() == runId))
            {
                return all;
            }

            Assert.False(deadline.IsCancellationRequested, $"{type} of {runId} was not heard within {Deadline}.");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        turn.Dispose();
    }

    private Task HearAsync(JsonElement message) => InTurnAsync(() =>
    {
        var previous = message.GetProperty("previous").GetInt64();
        Repeated += previous < pushedTo ? 1 : 0;
        pushedTo = message.GetProperty("last").GetInt64();
        if (previous > seen)
        {
            return CatchUpAsync();
        }

        var news = message.GetProperty("events").EnumerateArray().Where(e => e.GetProperty("sequence").GetInt64() > seen).ToList();
        heard.AddRange(news);
        Pushed += news.Count;
        seen = Math.Max(seen, pushedTo);
        return Task.CompletedTask;
    });

    private async Task CatchUpAsync()
    {
        long from;
        do
        {
            from = seen;
            var page = (await api.GetAsync($"events?after={from}&limit=1000")).Body;
            heard.AddRange(page.GetProperty("events").EnumerateArray());
            seen = page.GetProperty("last").GetInt64();
        }
        while (seen != from);
    }

    private async Task InTurnAsync(Func<Task> work)
    {
        await turn.WaitAsync();
        try
        {
            await work();
        }
        finally
        {
            turn.Release();
        }
    }
}
