using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Scheduling;

/// <summary>Starts the runs that are due by the schedules of the pipelines; each due time once, however many instances look at once and however often.</summary>
/// <remarks>Of several due times that have passed, one run serves all. While a run of the pipeline is going on, a due time waits for its end
/// (<see cref="MissedRuns.Once"/>) or is left out (<see cref="MissedRuns.Skip"/>). A schedule that is new or changed begins when it is first seen.</remarks>
public sealed class DueRuns(DefinitionStore definitions, ScheduleStore store, RunStore runs, TimeProvider clock)
{
    /// <summary>How late a start may be and still be on time: the timer looks once a minute.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromMinutes(5);

    // After that, an instance that set about starting a run is taken for gone.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Looks at all schedules and starts what is due.</summary>
    /// <param name="start">Asks for a run of a pipeline, as anybody may.</param>
    /// <param name="cancellationToken">Ends it between two pipelines.</param>
    /// <returns>What is worth telling.</returns>
    public async Task<IReadOnlyList<DueRun>> StartAsync(Func<string, CancellationToken, Task<RunClaim>> start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        var told = new List<DueRun>();
        var states = await store.ListAsync(cancellationToken);
        var pipelines = await definitions.ListAsync(cancellationToken);
        foreach (var gone in states.Values.Where(s => s.Schedule.Length > 0 && !pipelines.Contains(s.Pipeline)))
        {
            await store.TrySaveAsync(gone with { Schedule = "" }, gone, cancellationToken);
        }

        foreach (var pipeline in pipelines)
        {
            try
            {
                var definition = (await definitions.LoadAsync(pipeline, cancellationToken)).Definition;
                if (await StartAsync(pipeline, definition.Schedule, states.GetValueOrDefault(pipeline), start, cancellationToken) is { } due)
                {
                    told.Add(due);
                }
            }
            catch (Exception error) when (error is DefinitionException or UnknownPipelineException)
            {
                // Without a definition there is no schedule; what was due by an earlier one waits until it can be read again.
                if (states.TryGetValue(pipeline, out var state) && state.Schedule.Length > 0)
                {
                    told.Add(new DueRun(pipeline, DueOutcome.Unreadable, null) { Reason = error.Message });
                }
            }
            catch (LakehouseException error)
            {
                // The other pipelines are not to wait for this one; it is looked at again in a minute.
                told.Add(new DueRun(pipeline, DueOutcome.Failed, null) { Reason = error.Message });
            }
        }

        return told;
    }

    internal async Task<DueRun?> StartAsync(
        string pipeline, ScheduleDefinition? definition, ScheduleState? state, Func<string, CancellationToken, Task<RunClaim>> start, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var text = definition is null ? "" : $"{definition.Cron} {definition.TimeZone}";
        if ((state?.Schedule ?? "") != text)
        {
            // A new schedule begins now: what lay before it was nobody's wish.
            var begun = (state ?? new ScheduleState { Pipeline = pipeline, Schedule = text, SettledUtc = now }) with { Schedule = text, SettledUtc = now, StartingUtc = null, StartingDueUtc = null, WaitsFor = null };
            await store.TrySaveAsync(begun, state, cancellationToken);
            return null;
        }

        if (definition is null || state is null || RunSchedule.Of(definition).Last(state.SettledUtc, now) is not { } due)
        {
            return null;
        }

        if (state.StartingUtc is { } since)
        {
            if (now - since < Patience)
            {
                return null;
            }

            if (await runs.CurrentAsync(pipeline, cancellationToken) is { } current && current.ClaimedUtc >= since)
            {
                // It did start a run and ended before it could note that.
                var settled = Settled(state, state.StartingDueUtc ?? due) with { StartedUtc = current.ClaimedUtc, RunId = current.RunId };
                return await store.TrySaveAsync(settled, state, cancellationToken) ? new DueRun(pipeline, DueOutcome.Started, settled.SettledUtc) { RunId = current.RunId } : null;
            }
        }

        if (definition.Missed == MissedRuns.Skip && now - due > Grace)
        {
            return await store.TrySaveAsync(Settled(state, due), state, cancellationToken) ? new DueRun(pipeline, DueOutcome.Skipped, due) : null;
        }

        // Whoever can note that it is at it starts the run.
        var starting = state with { StartingUtc = now, StartingDueUtc = due };
        if (!await store.TrySaveAsync(starting, state, cancellationToken) || await store.FindAsync(pipeline, cancellationToken) is not { } mine || mine.StartingUtc != now)
        {
            return null;
        }

        return await StartAsync(definition, mine, due, start, cancellationToken);
    }

    private async Task<DueRun?> StartAsync(
        ScheduleDefinition definition, ScheduleState state, DateTimeOffset due, Func<string, CancellationToken, Task<RunClaim>> start, CancellationToken cancellationToken)
    {
        RunClaim claim;
        try
        {
            claim = await start(state.Pipeline, cancellationToken);
        }
        catch
        {
            await store.TrySaveAsync(state with { StartingUtc = null, StartingDueUtc = null }, state, CancellationToken.None);
            throw;
        }

        if (claim.Granted)
        {
            await store.TrySaveAsync(Settled(state, due) with { StartedUtc = clock.GetUtcNow(), RunId = claim.RunId }, state, CancellationToken.None);
            return new DueRun(state.Pipeline, DueOutcome.Started, due) { RunId = claim.RunId };
        }

        if (definition.Missed == MissedRuns.Skip)
        {
            await store.TrySaveAsync(Settled(state, due), state, CancellationToken.None);
            return new DueRun(state.Pipeline, DueOutcome.Skipped, due) { RunId = claim.RunId };
        }

        await store.TrySaveAsync(state with { StartingUtc = null, StartingDueUtc = null, WaitsFor = claim.RunId }, state, CancellationToken.None);
        return state.WaitsFor == claim.RunId ? null : new DueRun(state.Pipeline, DueOutcome.Waits, due) { RunId = claim.RunId };
    }

    private static ScheduleState Settled(ScheduleState state, DateTimeOffset due) => state with { SettledUtc = due, StartingUtc = null, StartingDueUtc = null, WaitsFor = null };
}

/// <summary>What became of a due time.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="DueUtc">The due time.</param>
public sealed record DueRun(string Pipeline, DueOutcome Outcome, DateTimeOffset? DueUtc)
{
    /// <summary>The run that was started, or the one that is going on.</summary>
    public string? RunId { get; init; }

    /// <summary>Why nothing could be started.</summary>
    public string? Reason { get; init; }
}

/// <summary>What became of a due time.</summary>
public enum DueOutcome
{
    /// <summary>A run was started.</summary>
    Started,

    /// <summary>A run is going on; it starts when that has ended.</summary>
    Waits,

    /// <summary>It is left out: the app was down, or a run was going on.</summary>
    Skipped,

    /// <summary>The definition cannot work, so that its schedule is not known.</summary>
    Unreadable,

    /// <summary>The storage did not answer, or the run could not be scheduled.</summary>
    Failed,
}
