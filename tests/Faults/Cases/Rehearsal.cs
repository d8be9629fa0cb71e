using System.Diagnostics;
using System.Globalization;
using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Cases;

/// <summary>What an undisturbed run leaves, and how many writes it takes.</summary>
/// <param name="Tables">The tables.</param>
/// <param name="Writes">The writes, in the order of their answers.</param>
/// <param name="Time">How long the run took.</param>
public sealed record Expectation(IReadOnlyList<TableState> Tables, IReadOnlyList<string> Writes, TimeSpan Time);

/// <summary>Plays cases: prepare, disturb, start again, wait for the run to end by itself, compare, and run once more.</summary>
public sealed class Rehearsal(Emulator emulator, int rows)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);

    /// <summary>Plays a stage without any disturbance.</summary>
    public async Task<Expectation> UndisturbedAsync(Stage stage, CancellationToken cancellationToken)
    {
        await using var sandbox = await PrepareAsync(stage, cancellationToken);
        var writes = new RecordWrites();
        sandbox.Proxy.Arm(writes);
        await StartFirstAsync(sandbox, stage, cancellationToken);
        var begun = Stopwatch.StartNew();
        await RunToEndAsync(sandbox, cancellationToken);
        var time = begun.Elapsed;
        await QuietAsync(sandbox, cancellationToken);

        // Looking at the tables writes too: queries are audited.
        IReadOnlyList<string> seen = [.. writes.Seen];
        return new Expectation(await TableState.ReadAsync(sandbox.Api, Landing.Pipeline, cancellationToken), seen, time);
    }

    /// <summary>Plays a stage under faults that the app is to survive without being started again.</summary>
    /// <returns>What is not as it should be.</returns>
    public async Task<IReadOnlyList<string>> PlayAsync(Stage stage, StorageFaults faults, Expectation expected, CancellationToken cancellationToken)
    {
        await using var sandbox = await PrepareAsync(stage, cancellationToken);
        await StartFirstAsync(sandbox, stage, cancellationToken);
        sandbox.Proxy.Arm(faults);
        var run = await RunToEndAsync(sandbox, cancellationToken);
        sandbox.Proxy.Arm(StorageFaults.None);
        var problems = await CheckAsync(sandbox, run.Id, expected, cancellationToken);
        sandbox.KeepFolder = problems.Count > 0;
        return problems.Count == 0 ? [] : [.. problems, $"The app's logs: {sandbox.Folder}"];
    }

    /// <summary>Plays a case.</summary>
    public Task<CaseResult> PlayAsync(KillCase toPlay, Expectation expected, CancellationToken cancellationToken) =>
        PlayAsync(toPlay, app => new Kill(toPlay.Write, toPlay.Moment, app.KillAsync), expected, cancellationToken);

    /// <summary>Plays a case with a kill of one's own.</summary>
    public async Task<CaseResult> PlayAsync(KillCase toPlay, Func<App, Kill> aim, Expectation expected, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.StartNew();
        await using var sandbox = await PrepareAsync(toPlay.Stage, cancellationToken);
        var kill = aim(sandbox.App);
        var problems = new List<string>();
        try
        {
            sandbox.Proxy.Arm(kill);
            var runId = await DisturbAsync(sandbox, toPlay, kill, cancellationToken);
            sandbox.Proxy.Arm(StorageFaults.None);
            if (kill.HasBegun)
            {
                await kill.Done.WaitAsync(Deadline, cancellationToken);
                await RecoverAsync(sandbox, toPlay, kill, cancellationToken);
            }

            runId ??= await AskAgainAsync(sandbox, cancellationToken);
            await sandbox.Api.FollowAsync(Landing.Pipeline, runId, Deadline, cancellationToken);
            await kill.ReleaseAsync();
            problems.AddRange(await CheckAsync(sandbox, runId, expected, cancellationToken));
        }
        catch (Exception error) when (error is TimeoutException or HttpRequestException)
        {
            problems.Add(error.Message);
        }

        sandbox.KeepFolder = problems.Count > 0;
        if (problems.Count > 0)
        {
            problems.Add($"The app's logs: {sandbox.Folder}");
        }

        return new CaseResult
        {
            Case = toPlay,
            Killed = kill.HasBegun,
            KilledAt = kill.Done.IsCompleted ? await kill.Done : null,
            Problems = problems,
            Seconds = Math.Round(begun.Elapsed.TotalSeconds, 2),
        };
    }

    private async Task<Sandbox> PrepareAsync(Stage stage, CancellationToken cancellationToken)
    {
        var sandbox = await Sandbox.CreateAsync(emulator, cancellationToken);
        await sandbox.UploadAsync("pipelines", Landing.Definition(), cancellationToken);
        await sandbox.UploadAsync("landing", Landing.First(rows), cancellationToken);
        if (stage == Stage.Changed)
        {
            await StartAppAsync(sandbox, cancellationToken);
            await RunToEndAsync(sandbox, cancellationToken);
            await QuietAsync(sandbox, cancellationToken);
            await sandbox.UploadAsync("landing", Landing.Changed(rows), cancellationToken);
        }

        return sandbox;
    }

    /// <summary>Asks for the run that is to be disturbed, and waits until the app is killed or has done everything.</summary>
    /// <returns>The run's id, if the answer arrived.</returns>
    private static async Task<string?> DisturbAsync(Sandbox sandbox, KillCase played, Kill kill, CancellationToken cancellationToken)
    {
        var runId = default(string);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            if (played.Stage == Stage.Changed || await sandbox.StartAppAsync(cancellationToken))
            {
                var killed = played.Time is { } time ? KillAfterAsync(time, kill, over.Token) : kill.Done;
                runId = (await sandbox.Api.RequestRunAsync(Landing.Pipeline, cancellationToken)).RunId;
                await sandbox.Api.FollowAsync(Landing.Pipeline, runId, Deadline, cancellationToken);
                await Task.WhenAny(killed, QuietAsync(sandbox, cancellationToken));
                await over.CancelAsync();
                return runId;
            }
        }
        catch (HttpRequestException)
        {
            // The app was killed while it was asked.
        }

        await kill.Done.WaitAsync(Deadline, cancellationToken);
        return runId;
    }

    private static async Task KillAfterAsync(TimeSpan time, Kill kill, CancellationToken cancellationToken)
    {
        await Task.Delay(time, cancellationToken);
        await kill.NowAsync();
    }

    private static async Task RecoverAsync(Sandbox sandbox, KillCase played, Kill kill, CancellationToken cancellationToken)
    {
        if (played.WriteOfRecovery is { } again)
        {
            var second = new Kill(again, played.Moment, sandbox.App.KillAsync);
            sandbox.Proxy.Arm(second);
            await sandbox.StartAppAsync(cancellationToken);
            await Task.WhenAny(second.Done, QuietAsync(sandbox, cancellationToken));
            await second.NowAsync();
            await second.Done.WaitAsync(Deadline, cancellationToken);
        }

        sandbox.Proxy.Arm(kill.Successor());
        await StartAppAsync(sandbox, cancellationToken);
    }

    /// <summary>The user whose request was not answered asks again; a refusal names the run that is going on.</summary>
    private static async Task<string> AskAgainAsync(Sandbox sandbox, CancellationToken cancellationToken) =>
        (await sandbox.Api.RequestRunAsync(Landing.Pipeline, cancellationToken)).RunId;

    private static async Task<IReadOnlyList<string>> CheckAsync(Sandbox sandbox, string runId, Expectation expected, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var run = await sandbox.Api.FollowAsync(Landing.Pipeline, runId, Deadline, cancellationToken);
        if (run.Status != "succeeded")
        {
            problems.Add($"Run {run.Id} {run.Status}: {run.Error}");
        }

        problems.AddRange(run.Steps.Where(s => s.Status is not ("succeeded" or "unchanged")).Select(s => $"Step {s.Name} of run {run.Id} is {s.Status}."));
        problems.AddRange(TableState.Differences(expected.Tables, await TableState.ReadAsync(sandbox.Api, Landing.Pipeline, cancellationToken)));

        var second = await RunToEndAsync(sandbox, cancellationToken);
        problems.AddRange(second.Steps.Where(s => s.Status != "unchanged").Select(s => $"Step {s.Name} of the run after it is {s.Status}: expected unchanged."));
        var tables = await sandbox.Api.TablesAsync(Landing.Pipeline, cancellationToken);
        problems.AddRange(tables.Where(t => expected.Tables.FirstOrDefault(e => e.Name == $"{t.Layer}.{t.Name}") is { } e && e.Version != t.Version).Select(t => string.Create(
            CultureInfo.InvariantCulture, $"Table {t.Layer}.{t.Name} has version {t.Version} after the run that had nothing to do.")));
        problems.AddRange((await sandbox.Api.RunsAsync(Landing.Pipeline, cancellationToken)).Where(r => r.Status != "succeeded").Select(r => $"Run {r.Id} is left {r.Status}."));
        return problems;
    }

    private static async Task StartFirstAsync(Sandbox sandbox, Stage stage, CancellationToken cancellationToken)
    {
        if (stage == Stage.First)
        {
            await StartAppAsync(sandbox, cancellationToken);
        }
    }

    private static async Task StartAppAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        if (!await sandbox.StartAppAsync(cancellationToken))
        {
            throw new HttpRequestException("The app ended as it started.");
        }
    }

    /// <summary>Asks for a run until it is granted, and waits for its end.</summary>
    private static async Task<Run> RunToEndAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var asked = await sandbox.Api.RequestRunAsync(Landing.Pipeline, cancellationToken);
            if (asked.Accepted)
            {
                return await sandbox.Api.FollowAsync(Landing.Pipeline, asked.RunId, Deadline, cancellationToken);
            }

            if (waited.Elapsed > Deadline)
            {
                throw new TimeoutException($"Run {asked.RunId} is over, but holds the pipeline.");
            }

            await Task.Delay(Quiet / 5, cancellationToken);
        }
    }

    /// <summary>Waits until no write has come for a while.</summary>
    private static async Task QuietAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        var (seen, since) = (sandbox.Proxy.Writes, Stopwatch.StartNew());
        while (since.Elapsed < Quiet)
        {
            await Task.Delay(Quiet / 10, cancellationToken);
            if (sandbox.Proxy.Writes != seen)
            {
                (seen, since) = (sandbox.Proxy.Writes, Stopwatch.StartNew());
            }
        }
    }
}
