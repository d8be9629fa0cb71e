using System.CommandLine;

namespace Pipeline.Local.Commands;

/// <summary>maintain: looks after the tables now, as the app does every night.</summary>
internal static class MaintainCommand
{
    public static Command Create(SharedOptions options)
    {
        var name = new Argument<string?>("PIPELINE") { Description = "The pipeline whose tables are looked after; all of them if it is left out", Arity = ArgumentArity.ZeroOrOne };
        var dryRun = new Option<bool>("--dry-run") { Description = "Tell what would be done, and change nothing" };
        var json = new Option<bool>("--json") { Description = "Print what was done as one JSON document" };
        var command = new Command("maintain", "Look after tables: retention, packing of small files, log clean-up, vacuum; the exit code is 0 only if nothing failed") { name, dryRun, json };
        command.SetAction((arguments, cancellationToken) =>
        {
            var forProgram = arguments.GetValue(json);
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram);
            return CommandLine.GuardAsync(
                screen, () => MaintainAsync(options.Read(arguments), screen, arguments.GetValue(name), arguments.GetValue(dryRun), forProgram, cancellationToken), failed: null, cancellationToken);
        });
        return command;
    }

    private static async Task<int> MaintainAsync(Settings settings, Screen screen, string? pipeline, bool dryRun, bool forProgram, CancellationToken cancellationToken)
    {
        MaintenanceState ended;
        await using (var launched = await Launched.StartAsync(settings, screen, cancellationToken))
        {
            ended = await launched.WhileRunningAsync(
                async stop => await new MaintenanceFollower(launched.Api, screen).FollowAsync(await launched.Api.StartMaintenanceAsync(pipeline, dryRun, stop), stop), cancellationToken);
        }

        if (forProgram)
        {
            await screen.Results.WriteLineAsync(ended.ToJson());
        }
        else
        {
            MaintenanceResult.Show(screen, ended);
        }

        return ended.Succeeded ? 0 : 1;
    }
}
