using System.CommandLine;
using Pipeline.Local.Live;

namespace Pipeline.Local.Commands;

/// <summary>live: a live aggregate as it moves.</summary>
internal static class LiveCommand
{
    public static Command Create(SharedOptions options)
    {
        var name = new Argument<string>("NAME") { Description = "The aggregate, e.g. web_revenue_by_country" };
        var pipeline = new Option<string>("--pipeline") { Description = "Whose aggregate", HelpName = "NAME", DefaultValueFactory = _ => Sample.Pipeline };
        var once = new Option<bool>("--once") { Description = "Show it as it is and end, instead of following it until Ctrl-C" };
        var json = new Option<bool>("--json") { Description = "Print what the app answers, one JSON document a line, whenever it changes" };
        var command = new Command("live", "Show the newest two windows of a live aggregate, the group with the greatest first value on top") { name, pipeline, once, json };
        command.SetAction((arguments, cancellationToken) =>
        {
            var (asJson, isOnce) = (arguments.GetValue(json), arguments.GetValue(once));
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram: asJson);
            return CommandLine.GuardAsync(screen, async () =>
            {
                await using var launched = await Launched.StartAsync(options.Read(arguments), screen, cancellationToken);
                var follower = new LiveFollower(launched.Api, screen, arguments.GetRequiredValue(pipeline), arguments.GetRequiredValue(name));
                return await launched.WhileRunningAsync(
                    async stop =>
                    {
                        await (isOnce ? follower.ShowAsync(asJson, stop) : asJson ? follower.FollowAsJsonAsync(stop) : follower.FollowAsync(stop));
                        return 0;
                    },
                    cancellationToken);
            }, failed: null, cancellationToken);
        });
        return command;
    }
}
