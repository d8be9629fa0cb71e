using System.CommandLine;
using Pipeline.Local.Samples;

namespace Pipeline.Local.Commands;

/// <summary>postgres: the sample's PostgreSQL, for looking at what it has and what was served to it.</summary>
internal static class PostgresCommand
{
    public static Command Create(SharedOptions options)
    {
        var command = new Command("postgres", "Start the PostgreSQL of the sample 'northwind-postgres', say how to connect, and serve until Ctrl-C; 'run northwind-postgres' uses it");
        command.SetAction((arguments, cancellationToken) =>
        {
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram: false);
            return CommandLine.GuardAsync(screen, () => ServeAsync(options.Read(arguments), screen, cancellationToken), failed: null, cancellationToken);
        });
        return command;
    }

    private static async Task<int> ServeAsync(Settings settings, Screen screen, CancellationToken cancellationToken)
    {
        await using var database = await NorthwindDatabase.StartAsync(settings, screen, cancellationToken);
        screen.Line($"PostgreSQL answers on port {settings.PostgresPort}. The company's tables are in the schema public, what was served in the schema mart:");
        screen.Line($"  {NorthwindDatabase.Psql(settings)}");
        screen.Line("Serving; Ctrl-C ends it.");
        try
        {
            await database.Exited.WaitAsync(cancellationToken);
            screen.Line($"PostgreSQL ended unexpectedly.{Environment.NewLine}{database.LastOutput}");
            return 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            screen.Line("Stopping …");
            return 0;
        }
    }
}
