using System.Globalization;
using Spectre.Console;

namespace Pipeline.Local;

/// <summary>Shows a run as it goes on: a line for each step that ends and, in a terminal, a bar for each kind of step.</summary>
internal sealed class RunFollower(ApiClient api, Screen screen)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly HashSet<string> shown = new(StringComparer.Ordinal);

    /// <summary>Follows a run to its end.</summary>
    public Task<RunState> FollowAsync(string runId, CancellationToken cancellationToken) =>
        screen.IsTerminal
            ? screen.People.Progress().AutoClear(true).HideCompleted(false)
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
                .StartAsync(bars => PollAsync(runId, run => Advance(bars, run), cancellationToken))
            : PollAsync(runId, _ => { }, cancellationToken);

    /// <summary>One line: what became of a step.</summary>
    public static string Describe(StepState step)
    {
        var rows = step is { RowsOut: { } rowsOut } && step.Status != "unchanged" ? $"{Grid.Number(rowsOut)} rows" : "";
        var rejected = step.RowsRejected is > 0 ? $", {Grid.Number(step.RowsRejected.Value)} rejected" : "";
        var seconds = step.Seconds is { } taken ? Grid.Seconds(taken) : "";
        var line = string.Create(CultureInfo.InvariantCulture, $"  {step.Name,-32} {step.Status,-10} {seconds,8}  {rows}{rejected}").TrimEnd();
        return step.Error is { Length: > 0 } error ? $"{line}{Environment.NewLine}      {error}" : line;
    }

    private async Task<RunState> PollAsync(string runId, Action<RunState> advance, CancellationToken cancellationToken)
    {
        while (true)
        {
            var run = await api.GetRunAsync(runId, cancellationToken);
            foreach (var step in run.Steps.Where(step => step.IsOver && shown.Add(step.Name)))
            {
                screen.Line(Describe(step));
            }

            advance(run);
            if (run.IsOver)
            {
                return run;
            }

            await Task.Delay(Interval, cancellationToken);
        }
    }

    private readonly Dictionary<string, ProgressTask> tasks = new(StringComparer.Ordinal);

    private void Advance(ProgressContext bars, RunState run)
    {
        foreach (var kind in run.Steps.GroupBy(step => step.Kind ?? "step"))
        {
            if (!tasks.TryGetValue(kind.Key, out var task))
            {
                tasks[kind.Key] = task = bars.AddTask(Markup.Escape(kind.Key));
            }

            var now = kind.Where(step => step.Status == "running").Select(step => step.Name).ToList();
            task.Description = Markup.Escape(now.Count == 0 ? kind.Key : $"{kind.Key}: {string.Join(", ", now.Take(3))}");
            task.MaxValue = kind.Count();
            task.Value = kind.Count(step => step.IsOver);
        }
    }
}
