using System.Globalization;

namespace Pipeline.Local;

/// <summary>A request for a run: what is uploaded before, and what is asked of the app.</summary>
internal sealed record PipelineRun
{
    public required string Pipeline { get; init; }

    /// <summary>Holds a folder with the pipeline's name; null takes what the app has.</summary>
    public string? PipelinesFolder { get; init; }

    /// <summary>Files that arrive; null takes what is there. A sample brings its own.</summary>
    public string? LandingFolder { get; init; }

    public RunBody Asked { get; init; } = new();

    /// <summary>Rejected rows to try again, instead of <see cref="Asked"/>; null: none.</summary>
    public (string Source, ReplayBody Asked)? Replay { get; init; }

    /// <summary>Uploads, runs and shows it. A run that is going on already is followed to its end first.</summary>
    public async Task<RunState> ExecuteAsync(Launched launched, Settings settings, Screen screen, CancellationToken cancellationToken)
    {
        await UploadAsync(new Landing(launched.Storage), settings, screen, cancellationToken);
        while (true)
        {
            var (runId, started) = Replay is { } replay
                ? await launched.Api.ReplayAsync(Pipeline, replay.Source, replay.Asked, cancellationToken)
                : await launched.Api.StartRunAsync(Pipeline, Asked, cancellationToken);
            screen.Line(started ? $"Run {runId} of {Pipeline}" : $"Run {runId} of {Pipeline} is going on already; this one begins when it has ended.");
            var run = await new RunFollower(launched.Api, screen).FollowAsync(runId, cancellationToken);
            if (started)
            {
                Conclude(screen, run);
                return run;
            }
        }
    }

    private static void Conclude(Screen screen, RunState run)
    {
        var unchanged = run.Steps.Count(step => step.Status == "unchanged");
        screen.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"Run {run.Id} of {run.Pipeline} {run.Status} in {Grid.Seconds(run.Seconds)}: {run.Steps.Count} steps{(unchanged > 0 ? $", {unchanged} unchanged" : "")}."));
        if (run.Error is { Length: > 0 })
        {
            screen.Line(run.Error);
        }
    }

    private async Task UploadAsync(Landing landing, Settings settings, Screen screen, CancellationToken cancellationToken)
    {
        if (PipelinesFolder is not null)
        {
            Tell(screen, "definition", await screen.WaitingAsync("Uploading the definition …", landing.UploadDefinitionAsync(PipelinesFolder, Pipeline, cancellationToken)));
        }

        if (LandingFolder is not null)
        {
            Tell(screen, "landing", await screen.WaitingAsync($"Uploading {LandingFolder} to landing …", landing.UploadFilesAsync(LandingFolder, "", cancellationToken)));
        }
        else if (PipelinesFolder is null && Sample.Is(Pipeline))
        {
            await Sample.WriteAsync(Pipeline, settings.LandingFolder, cancellationToken);
            Tell(screen, "landing", await screen.WaitingAsync($"Uploading {settings.LandingFolder} to landing …", landing.UploadFilesAsync(settings.LandingFolder, Pipeline, cancellationToken)));
        }
    }

    private static void Tell(Screen screen, string what, Landing.Report report) => screen.Line(
        $"Files of the {what}: {report.Uploaded} uploaded, {report.Unchanged} unchanged{(report.Deleted > 0 ? $", {report.Deleted} deleted" : "")}.");
}
