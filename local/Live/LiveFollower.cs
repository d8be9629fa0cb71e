using System.Text.Json;
using Spectre.Console;

namespace Pipeline.Local.Live;

/// <summary>Shows a live aggregate as it moves: a table that changes in a terminal, a line for each group that changes in a pipe.</summary>
internal sealed class LiveFollower(ApiClient api, Screen screen, string pipeline, string name)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private readonly Dictionary<(DateTimeOffset Start, string Key), string> shown = [];

    /// <summary>Follows it until it is told to stop.</summary>
    public Task FollowAsync(CancellationToken cancellationToken) => screen.IsTerminal
        ? screen.People.Live(new Text("")).StartAsync(context => PollAsync(answer => context.UpdateTarget(LiveScreen.Render(Read(answer))), cancellationToken))
        : PollAsync(answer => WriteChanges(Read(answer)), cancellationToken);

    /// <summary>Writes the app's answer on a line of its own, whenever it is another one.</summary>
    public Task FollowAsJsonAsync(CancellationToken cancellationToken) => PollAsync(answer => screen.Results.WriteLine(answer), cancellationToken);

    /// <summary>Writes it as it is.</summary>
    public async Task ShowAsync(bool asJson, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(cancellationToken);
        if (asJson)
        {
            await screen.Results.WriteLineAsync(answer);
        }
        else
        {
            LiveScreen.Write(screen, Read(answer));
        }
    }

    private async Task<string> AskAsync(CancellationToken cancellationToken) =>
        JsonSerializer.Serialize(await api.GetLiveAsync(pipeline, name, cancellationToken));

    private async Task PollAsync(Action<string> show, CancellationToken cancellationToken)
    {
        for (var last = ""; ; await Task.Delay(Interval, cancellationToken))
        {
            var answer = await AskAsync(cancellationToken);
            if (answer != last)
            {
                show(last = answer);
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

    private static LiveAggregate Read(string answer) =>
        JsonSerializer.Deserialize<LiveAggregate>(answer, JsonSerializerOptions.Web) ?? throw new ApiException("The app answered nothing.");
}
