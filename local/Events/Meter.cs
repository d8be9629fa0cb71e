using System.Globalization;
using Spectre.Console;

namespace Pipeline.Local.Events;

/// <summary>Shows how far some work is: a bar in a terminal, in a pipe a line every few seconds.</summary>
internal static class Meter
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    /// <summary>Awaits work.</summary>
    /// <param name="screen">Where to show it.</param>
    /// <param name="what">What is counted, after a number.</param>
    /// <param name="all">The number that is aimed at.</param>
    /// <param name="done">The number so far.</param>
    /// <param name="work">The work.</param>
    public static Task<T> WatchAsync<T>(Screen screen, string what, long all, Func<long> done, Task<T> work) => screen.IsTerminal
        ? screen.People.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(bars =>
            {
                var bar = bars.AddTask(what, maxValue: all);
                return WatchAsync(Interval, (now, rate) => (bar.Value, bar.Description) = (now, $"{Describe(what, now, rate)}"), done, work);
            })
        : WatchAsync(LineInterval, (now, rate) => screen.Line($"  {Describe(what, now, rate)}"), done, work);

    private static async Task<T> WatchAsync<T>(TimeSpan interval, Action<long, double> show, Func<long> done, Task<T> work)
    {
        for (var before = done(); await Task.WhenAny(work, Task.Delay(interval)) != work;)
        {
            var now = done();
            show(now, (now - before) / interval.TotalSeconds);
            before = now;
        }

        return await work;
    }

    private static string Describe(string what, long now, double rate) => string.Create(CultureInfo.InvariantCulture, $"{now:N0} {what}, {rate:N0} a second");
}
