using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Pipeline.Local.Live;

/// <summary>Shows a live aggregate as it moves: a table that changes in a terminal, a line for each group that changes in a pipe.</summary>
internal sealed class LiveFollower(ApiClient api, Screen screen, string pipeline, string name)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Dictionary<(DateTimeOffset Start, string Key), string> shown = [];

    /// <summary>Follows it until it is told to stop.</summary>
    public Task FollowAsync(CancellationToken cancellationToken) => screen.IsTerminal
        ? screen.People.Live(new Text("")).Cropping(VerticalOverflowCropping.Bottom).StartAsync(context => PollAsync((_, aggregate) => context.UpdateTarget(LiveScreen.Render(aggregate)), cancellationToken))
        : PollAsync((_, aggregate) => WriteChanges(aggregate), cancellationToken);

    /// <summary>Writes the app's answer on a line of its own, whenever it is another one.</summary>
    public Task FollowAsJsonAsync(CancellationToken cancellationToken) => PollAsync((answer, _) => screen.Results.WriteLine(answer), cancellationToken);

    /// <summary>Writes it as it is.</summary>
    public async Task ShowAsync(bool asJson, CancellationToken cancellationToken)
    {
        var (answer, aggregate) = await AskAsync(cancellationToken);
        if (asJson)
        {
            await screen.Results.WriteLineAsync(answer);
        }
        else
        {
            LiveScreen.Write(screen, aggregate);
        }
    }

    private async Task<(string Answer, LiveAggregate Aggregate)> AskAsync(CancellationToken cancellationToken)
    {
        var answer = await api.GetLiveAsync(pipeline, name, cancellationToken);
        return (JsonSerializer.Serialize(answer, OneLine), answer.Deserialize<LiveAggregate>(JsonSerializerOptions.Web) ?? throw new ApiException("The app answered nothing."));
    }

    private async Task PollAsync(Action<string, LiveAggregate> show, CancellationToken cancellationToken)
    {
        for (var last = ""; ; await Task.Delay(Interval, cancellationToken))
        {
            var (answer, aggregate) = await AskAsync(cancellationToken);

            // The answer itself has the time in it.
            var content = JsonSerializer.Serialize(aggregate);
            if (content != last)
            {
                show(answer, aggregate);
                last = content;
            }
        }
    }

    private void WriteChanges(LiveAggregate aggregate)
    {
        foreach (var window in aggregate.Windows)
        {
            foreach (var group in window.Ranked)
            {
                var (place, line) = ((window.StartUtc, group.Key.GetRawText()), LiveScreen.Line(window, group));
                if (shown.GetValueOrDefault(place) != line)
                {
                    shown[place] = line;
                    screen.Line(line);
                }
            }
        }

        foreach (var old in shown.Keys.Where(place => aggregate.Windows.Count > 0 && place.Start < aggregate.Windows[0].StartUtc).ToList())
        {
            shown.Remove(old);
        }
    }
}
