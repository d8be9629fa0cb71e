using System.CommandLine;

namespace Pipeline.Local.Commands;

/// <summary>up: everything on, the sample's data in, one run, its result; then it serves.</summary>
internal static class UpCommand
{
    public static Command Create(SharedOptions options)
    {
        var once = new Option<bool>("--once") { Description = "End after the sample's run instead of serving until Ctrl-C" };
        var command = new Command("up", "Start the emulator and the app, run the sample 'northwind', show its result, then serve until Ctrl-C (the default)") { once };
        command.SetAction((arguments, cancellationToken) =>
        {
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram: false);
            return CommandLine.GuardAsync(screen, () => UpAsync(options.Read(arguments), screen, arguments.GetValue(once), cancellationToken), failed: null, cancellationToken);
        });
        return command;
    }

    private static async Task<int> UpAsync(Settings settings, Screen screen, bool once, CancellationToken cancellationToken)
    {
        await using var launched = await Launched.StartAsync(settings, screen, cancellationToken);
        var broker = settings.Broker is null ? $" the event broker on port {settings.BrokerPort}," : "";
        screen.Line($"Storage answers on ports {settings.StoragePort} to {settings.StoragePort + 2},{broker} the app on {settings.Api}");
        var succeeded = await launched.WhileRunningAsync(stop => ShowSampleAsync(launched, settings, screen, stop), cancellationToken);
        if (!succeeded)
        {
            return 1;
        }

        SampleResult.ShowNextSteps(settings, screen);
        if (once)
        {
            return 0;
        }

        screen.Line("Serving; Ctrl-C ends it.");
        try
        {
            await launched.WhileRunningAsync(async stop =>
            {
                await Task.Delay(Timeout.Infinite, stop);
                return true;
            }, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            screen.Line("Stopping …");
        }

        return 0;
    }

    private static async Task<bool> ShowSampleAsync(Launched launched, Settings settings, Screen screen, CancellationToken cancellationToken)
    {
        var request = new PipelineRun { Pipeline = Sample.Pipeline };
        var run = await request.ExecuteAsync(launched, settings, screen, cancellationToken);
        if (run.Succeeded)
        {
            await SampleResult.ShowAsync(launched.Api, screen, run, cancellationToken);
        }

        return run.Succeeded;
    }
}
