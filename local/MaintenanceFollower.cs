using Spectre.Console;

namespace Pipeline.Local;

/// <summary>Shows a maintenance as it goes on: a line for each operation that was postponed or failed and, in a terminal, a bar.</summary>
internal sealed class MaintenanceFollower(ApiClient api, Screen screen)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly HashSet<string> shown = new(StringComparer.Ordinal);

    /// <summary>Follows a maintenance to its end.</summary>
    public Task<MaintenanceState> FollowAsync(string id, CancellationToken cancellationToken) => screen.IsTerminal
        ? screen.People.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(bars =>
            {
                var bar = bars.AddTask("tables");
                return PollAsync(id, state => (bar.MaxValue, bar.Value) = (Math.Max(1, state.PlannedTables ?? 1), state.Tables.Count), cancellationToken);
            })
        : PollAsync(id, _ => { }, cancellationToken);

    private async Task<MaintenanceState> PollAsync(string id, Action<MaintenanceState> advance, CancellationToken cancellationToken)
    {
        while (true)
        {
            var state = await api.GetMaintenanceAsync(id, cancellationToken);
            advance(state);
            foreach (var table in state.Tables.Where(t => t.Operations.Any(o => o.Status is "failed" or "postponed") && shown.Add($"{t.Pipeline} {t.Table}")))
            {
                foreach (var operation in table.Operations.Where(o => o.Reason is not null))
                {
                    screen.Line($"  {table.Pipeline} {table.Table}: {MaintenanceResult.Name(operation.Operation)} {operation.Status}: {operation.Reason}");
                }
            }

            if (state.IsOver)
            {
                return state;
            }

            await Task.Delay(Interval, cancellationToken);
        }
    }
}
