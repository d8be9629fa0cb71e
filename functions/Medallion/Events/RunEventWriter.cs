using System.Globalization;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Events;

/// <summary>Tells the event log of runs and their steps, each once however often it is called. What cannot be written is logged and fails no run.</summary>
public sealed class RunEventWriter(EventLog log)
{
    /// <summary>A run begins.</summary>
    public async Task BeginAsync(RunRequest run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        await TellAsync(run.RunId, run.Pipeline, null, "run.started", $"Run {run.RunId} of {run.Pipeline} begins.", "run.started", EventData.Of(
            ("select", run.Select.Count == 0 ? null : run.Select.Take(50)),
            ("fullRefresh", run.FullRefresh ? true : null),
            ("backfill", run.Backfill),
            ("requestedBy", run.RequestedBy)), cancellationToken);
        if (run.Replay is { } replay)
        {
            await TellAsync(run.RunId, run.Pipeline, replay.Table, "replay.started", $"A replay into {replay.Table} begins: {replay}.", "replay.started", EventData.Of(
                ("rule", replay.Rule),
                ("from", replay.FromUtc),
                ("to", replay.ToUtc),
                ("fix", replay.Fix.Count == 0 ? null : replay.Fix),
                ("requestedBy", run.RequestedBy)), cancellationToken);
        }
    }

    /// <summary>A run ended: <c>run.succeeded</c>, <c>run.failed</c> or <c>run.terminated</c>, whichever is told first.</summary>
    public Task EndAsync(string runId, string pipeline, RunStatus status, string? error, CancellationToken cancellationToken)
    {
        var (type, text) = Words("run", status);
        return TellAsync(runId, pipeline, null, type, $"Run {runId} of {pipeline} {text}{(error is null ? "." : $": {error}")}", "run.ended", EventData.None, cancellationToken);
    }

    /// <summary>A step ended, other than by a failure.</summary>
    public async Task EndStepAsync(StepWork work, StepOutcome outcome, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(outcome);
        var (type, text) = Words("step", outcome.Result.Status);
        var (rows, note) = (outcome.Rows, outcome.Note is null ? "." : $": {outcome.Note}");
        await TellAsync(work.RunId, work.Pipeline, work.Table, type, $"{work.Table} {text}{note}", "step.ended", EventData.Of(
            ("version", outcome.Result.Versions.TryGetValue(work.Table, out var version) ? version : null),
            ("rowsIn", rows?.In),
            ("rowsOut", rows?.Out),
            ("rowsRejected", rows?.Rejected)), cancellationToken);
        if (work.Replay is not null)
        {
            await TellAsync(work.RunId, work.Pipeline, work.Table, "replay.succeeded", outcome.Note ?? "The replay ended.", "replay.ended", EventData.Of(
                ("tried", rows?.In),
                ("passed", rows?.In - rows?.Rejected),
                ("failedAgain", rows?.Rejected)), cancellationToken);
        }
    }

    /// <summary>A batch was judged: <c>quality.verdict</c>, then <c>quality.held</c> where it is held, and <c>quality.warning</c> for each thing that is unusual about it.</summary>
    public async Task JudgeAsync(string pipeline, QualityReport report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        var score = report.Score is { } found ? string.Create(CultureInfo.InvariantCulture, $"{found:0.##%}, {report.Tier?.ToString().ToLowerInvariant()}") : "nothing to measure";
        await TellAsync(report.RunId, pipeline, report.Table, "quality.verdict", $"{report.Table}: {report.Verdict.ToString().ToLowerInvariant()} ({score}).", "quality.verdict", EventData.Of(
            ("verdict", report.Verdict),
            ("score", report.Score),
            ("tier", report.Tier),
            ("rows", report.Rows),
            ("rejected", report.Rejected),
            ("scores", report.Scores)), cancellationToken);
        if (report.Verdict == Verdict.Held)
        {
            await TellAsync(report.RunId, pipeline, report.Table, "quality.held", report.Reason ?? "", "quality.held", EventData.Of(("rows", report.Rows)), cancellationToken);
        }

        foreach (var (warning, i) in report.Warnings.Select((w, i) => (w, i)))
        {
            await TellAsync(report.RunId, pipeline, report.Table, "quality.warning", $"{report.Table}: {warning}.", string.Create(CultureInfo.InvariantCulture, $"quality.warning/{i}"), EventData.None, cancellationToken);
        }
    }

    /// <summary>A step failed for good.</summary>
    public Task FailStepAsync(string runId, string pipeline, TableKey step, string error, CancellationToken cancellationToken) =>
        TellAsync(runId, pipeline, step, "step.failed", $"{step} failed: {error}", "step.failed", EventData.None, cancellationToken);

    /// <summary>A step was left out because one before it failed.</summary>
    public Task SkipStepAsync(string runId, string pipeline, TableKey step, CancellationToken cancellationToken) =>
        TellAsync(runId, pipeline, step, "step.skipped", $"{step} was skipped: a step before it failed.", "step.ended", EventData.None, cancellationToken);

    private static (string Type, string Text) Words<T>(string what, T status)
        where T : struct, Enum
    {
        var text = status.ToString().ToLowerInvariant();
        return ($"{what}.{text}", text switch { "unchanged" or "terminated" => $"was {text}", _ => text });
    }

    private Task TellAsync(
        string runId,
        string pipeline,
        TableKey? step,
        string type,
        string message,
        string once,
        IReadOnlyDictionary<string, System.Text.Json.JsonElement> data,
        CancellationToken cancellationToken) => log.TryAppendAsync(
        new NewEvent
        {
            Type = type,
            Source = step is null ? pipeline : $"{pipeline}/{step}",
            RunId = runId,
            Subject = step?.ToString(),
            Message = message,
            Data = data,
            Key = $"{runId}/{step}/{once}",
        },
        cancellationToken);
}
