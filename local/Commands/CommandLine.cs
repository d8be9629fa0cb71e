using System.CommandLine;
using Npgsql;
using Pipeline.Local.Emulators;

namespace Pipeline.Local.Commands;

/// <summary>The commands and the options that all of them take.</summary>
internal static class CommandLine
{
    public static RootCommand Create(string appFile)
    {
        var options = new SharedOptions(appFile);
        var up = UpCommand.Create(options);
        var root = new RootCommand(
            "Runs the pipeline on this machine: starts the storage emulator, the event broker and the functions app, or uses those that run; what it starts, it stops. "
            + "Without a command it does what 'up' does.")
        {
            up,
            RunCommand.Create(options),
            BackfillCommand.Create(options),
            ReplayCommand.Create(options),
            PlanCommand.Create(options),
            QueryCommand.Create(options),
            MaintainCommand.Create(options),
            RestoreCommand.Create(options),
            CatalogCommand.Create(options),
            ProfileCommand.Create(options),
            EventsCommand.Create(options),
            LiveCommand.Create(options),
            PostgresCommand.Create(options),
            StatusCommand.Create(options),
            ResetCommand.Create(options),
            options.Port,
            options.StoragePort,
            options.BrokerPort,
            options.PostgresPort,
            options.Broker,
            options.State,
        };
        foreach (var option in up.Options)
        {
            root.Options.Add(option);
        }

        root.Action = up.Action;
        return root;
    }

    /// <summary>Pipeline.App.dll, where this build left it.</summary>
    public static string AppFile() => Path.GetFullPath(
        AppContext.GetData("Pipeline.App") as string ?? throw new InvalidOperationException("The launcher was built without the path of the app."), AppContext.BaseDirectory);

    /// <summary>Runs a command; what goes wrong in an expected way becomes a sentence and the exit code 1.</summary>
    /// <param name="screen">Where the sentence goes.</param>
    /// <param name="command">Returns the exit code.</param>
    /// <param name="failed">What else is to be done with the sentence.</param>
    /// <param name="cancellationToken">Cancelled by Ctrl-C: the exit code is 130.</param>
    public static async Task<int> GuardAsync(Screen screen, Func<Task<int>> command, Action<string>? failed, CancellationToken cancellationToken)
    {
        try
        {
            return await command();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 130;
        }
        catch (Exception error) when (error is LaunchException or ApiException or HttpRequestException or Azure.RequestFailedException or NpgsqlException or TaskCanceledException or IOException or UnauthorizedAccessException)
        {
            var sentence = error switch
            {
                HttpRequestException => $"The app does not answer: {error.Message}",
                TaskCanceledException => "The app did not answer in time.",
                Azure.RequestFailedException => $"The storage emulator refused: {error.Message}",
                NpgsqlException => $"The sample's PostgreSQL refused: {error.Message}",
                _ => error.Message,
            };
            screen.Line(sentence);
            failed?.Invoke(sentence);
            return 1;
        }
    }
}
