using System.CommandLine;
using System.Text.Json;
using Pipeline.Local.Samples;

namespace Pipeline.Local.Commands;

/// <summary>run: uploads what it is given, runs a pipeline and tells how it went.</summary>
internal static class RunCommand
{
    public static Command Create(SharedOptions options)
    {
        var name = new Argument<string>("NAME") { Description = "The pipeline" };
        var pipelines = new Option<DirectoryInfo>("--pipelines") { Description = "A folder that holds the folder NAME: uploaded, its definition wins over the app's", HelpName = "DIR" };
        var landing = new Option<DirectoryInfo>("--landing") { Description = "A folder of files, uploaded to the container 'landing' by their relative paths", HelpName = "DIR" };
        var select = new Option<string[]>("--select") { Description = "Run these steps only, e.g. silver.orders, or silver.orders+ with all that follows from it", HelpName = "STEP", AllowMultipleArgumentsPerToken = true };
        var fullRefresh = new Option<bool>("--full-refresh") { Description = "Rebuild the tables from all of their input" };
        var json = new Option<bool>("--json") { Description = "Print the run's summary as one JSON document" };
        pipelines.AcceptExistingOnly();
        landing.AcceptExistingOnly();
        var command = new Command("run", "Run a pipeline and print a summary; the exit code is 0 only if it succeeded") { name, pipelines, landing, select, fullRefresh, json };
        command.SetAction((arguments, cancellationToken) =>
        {
            var forProgram = arguments.GetValue(json);
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram);
            var request = new PipelineRun
            {
                Pipeline = arguments.GetRequiredValue(name),
                PipelinesFolder = arguments.GetValue(pipelines)?.FullName,
                LandingFolder = arguments.GetValue(landing)?.FullName,
                Asked = new RunBody { Select = arguments.GetValue(select) ?? [], FullRefresh = arguments.GetValue(fullRefresh) },
            };
            return RunAsync(options.Read(arguments), screen, request, forProgram, cancellationToken);
        });
        return command;
    }

    /// <summary>Does a run and prints how it went, as one JSON document where a program asked.</summary>
    public static Task<int> RunAsync(Settings settings, Screen screen, PipelineRun request, bool forProgram, CancellationToken cancellationToken)
    {
        Action<string>? failed = forProgram ? sentence => screen.Results.WriteLine(RunSummary.NotBegun(request.Pipeline, sentence).ToJson()) : null;
        return CommandLine.GuardAsync(screen, () => DoAsync(settings, screen, request, forProgram, cancellationToken), failed, cancellationToken);
    }

    private static async Task<int> DoAsync(Settings settings, Screen screen, PipelineRun request, bool forProgram, CancellationToken cancellationToken)
    {
        RunState run;
        JsonElement? quality;
        var models = new ModelResult();
        await using (var launched = await Launched.StartAsync(settings, screen, cancellationToken))
        {
            await using var database = request.Pipeline == NorthwindDatabase.Pipeline ? await NorthwindDatabase.StartAsync(settings, screen, cancellationToken) : null;
            run = await launched.WhileRunningAsync(stop => request.ExecuteAsync(launched, settings, screen, stop), cancellationToken);
            models = forProgram || !run.Succeeded ? models : await launched.WhileRunningAsync(stop => ModelResult.ReadAsync(launched.Api, run.Pipeline, stop), cancellationToken);
            quality = await launched.WhileRunningAsync(stop => launched.Api.GetQualityAsync(run.Pipeline, run.Id, stop), cancellationToken);
        }

        if (forProgram)
        {
            await screen.Results.WriteLineAsync(RunSummary.Of(run, quality).ToJson());
        }
        else
        {
            foreach (var (metric, value) in run.Metrics)
            {
                screen.Line($"  {metric,-32} {Grid.Metric(value)}");
            }

            models.Show(screen);
            QualityResult.Show(screen, quality?.Deserialize<IReadOnlyList<TableQuality>>(JsonSerializerOptions.Web) ?? []);
        }

        return run.Succeeded ? 0 : 1;
    }
}
