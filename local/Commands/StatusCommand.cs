using System.CommandLine;
using System.Text.Json;
using Pipeline.Local.Emulators;
using Pipeline.Local.Samples;

namespace Pipeline.Local.Commands;

/// <summary>status: what runs, and where.</summary>
internal static class StatusCommand
{
    public static Command Create(SharedOptions options)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document" };
        var command = new Command("status", "Show what runs and where") { json };
        command.SetAction((arguments, cancellationToken) =>
        {
            var forProgram = arguments.GetValue(json);
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram);
            return CommandLine.GuardAsync(screen, () => ShowAsync(options.Read(arguments), screen, forProgram, cancellationToken), failed: null, cancellationToken);
        });
        return command;
    }

    private static async Task<int> ShowAsync(Settings settings, Screen screen, bool forProgram, CancellationToken cancellationToken)
    {
        using var api = new ApiClient(settings.Api);
        var storage = Word(await StorageProbe.LookAsync(settings.StoragePort, StorageEndpoint.Blobs, cancellationToken));
        var broker = settings.Broker is null ? Word(await BrokerProbe.LookAsync(settings.BrokerPort, cancellationToken)) : "not started here";
        var postgres = Word(await NorthwindDatabase.LookAsync(settings, cancellationToken));
        var app = Word(await api.LookAsync(cancellationToken));
        var launcher = RunningFile.Read(settings.RunningFile) is { Launcher: { IsAlive: true } alive } ? alive.Id : (int?)null;
        if (forProgram)
        {
            var status = new
            {
                storage = new { port = settings.StoragePort, state = storage },
                broker = new { port = settings.Broker is null ? settings.BrokerPort : (int?)null, state = broker },
                postgres = new { port = settings.PostgresPort, state = postgres },
                app = new { url = settings.Api, state = app },
                launcher,
                stateFolder = settings.StateFolder,
            };
            await screen.Results.WriteLineAsync(JsonSerializer.Serialize(status, JsonSerializerOptions.Web));
            return 0;
        }

        new Grid(
            [new("what"), new("where"), new("state")],
            [
                ["storage emulator", $"127.0.0.1, ports {settings.StoragePort} to {settings.StoragePort + 2}", storage],
                ["event broker", settings.Broker is null ? $"127.0.0.1, ports {settings.BrokerPort} and {settings.BrokerPort + 1}" : "elsewhere", broker],
                ["sample's PostgreSQL", $"127.0.0.1, port {settings.PostgresPort}", postgres],
                ["app", settings.Api.ToString(), app],
                ["launcher", launcher is null ? "" : $"process {launcher}", launcher is null ? "not running" : "running"],
                ["local state", settings.StateFolder, Directory.Exists(settings.AzuriteFolder) || Directory.Exists(settings.PostgresFolder) ? "kept" : "none"],
            ]).Write(screen);
        return 0;
    }

    private static string Word(Found found) => found switch
    {
        Found.Ours => "running",
        Found.Nothing => "not running",
        _ => "port taken by something else",
    };
}
