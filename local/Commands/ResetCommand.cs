using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Pipeline.Local.Emulators;
using Pipeline.Local.Samples;
using Spectre.Console;

namespace Pipeline.Local.Commands;

/// <summary>reset: stops what was started and forgets everything.</summary>
internal static class ResetCommand
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(45);

    public static Command Create(SharedOptions options)
    {
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask" };
        var command = new Command("reset", "Stop what was started and delete the local state: all tables, runs and uploaded files") { yes };
        command.SetAction((arguments, cancellationToken) =>
        {
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram: false);
            return CommandLine.GuardAsync(screen, () => ResetAsync(options.Read(arguments), screen, arguments.GetValue(yes), cancellationToken), failed: null, cancellationToken);
        });
        return command;
    }

    private static async Task<int> ResetAsync(Settings settings, Screen screen, bool yes, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(settings.StateFolder))
        {
            screen.Line($"There is no state in {settings.StateFolder}.");
            return 0;
        }

        var ask = !yes && screen.IsTerminal && !Console.IsInputRedirected;
        if (ask && !await new ConfirmationPrompt($"Delete all local state in {Markup.Escape(settings.StateFolder)}?") { DefaultValue = false }.ShowAsync(screen.People, cancellationToken))
        {
            return 1;
        }

        if (RunningFile.Read(settings.RunningFile) is { } running)
        {
            await screen.WaitingAsync($"Stopping process {running.Launcher.Id} …", StopAsync(running, cancellationToken));
        }

        if (NorthwindDatabase.Running(settings) is { } postgres)
        {
            // A fast shutdown: connections are ended, not waited for.
            await screen.WaitingAsync($"Stopping PostgreSQL, process {postgres.Id} …", StopAsync(postgres, "-INT", cancellationToken));
        }

        Delete(settings.StateFolder);
        screen.Line($"Deleted the state in {settings.StateFolder}.");
        if (await StorageProbe.LookAsync(settings.StoragePort, StorageEndpoint.Blobs, cancellationToken) == Found.Ours)
        {
            screen.Line($"A storage emulator that was not started here runs on port {settings.StoragePort}; what it holds was left alone.");
        }

        return 0;
    }

    /// <summary>Only what a launcher can have left there goes: the folder itself may be one that the user made.</summary>
    private static void Delete(string folder)
    {
        foreach (var known in new[] { "azurite", "landing", "logs", "postgres" })
        {
            if (Directory.Exists(Path.Combine(folder, known)))
            {
                Directory.Delete(Path.Combine(folder, known), recursive: true);
            }
        }

        File.Delete(Path.Combine(folder, "running.json"));
        File.Delete(Path.Combine(folder, "lock"));
    }

    private static async Task StopAsync(RunningFile running, CancellationToken cancellationToken)
    {
        foreach (var mark in running.Children.Prepend(running.Launcher).Where(mark => mark.IsAlive))
        {
            await StopAsync(mark, "-TERM", cancellationToken);
        }
    }

    private static async Task StopAsync(ProcessMark mark, string signal, CancellationToken cancellationToken)
    {
        using var process = Process.GetProcessById(mark.Id);
        if (OperatingSystem.IsWindows())
        {
            process.Kill();
        }
        else
        {
            using var kill = Process.Start("kill", [signal, mark.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync(cancellationToken);
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StopDeadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LaunchException($"Process {mark.Id} did not stop within {StopDeadline.TotalSeconds} s; nothing was deleted.");
        }
    }
}
