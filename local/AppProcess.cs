using System.Diagnostics;
using System.Globalization;
using Pipeline.Local.Emulators;
using Pipeline.Local.Samples;

namespace Pipeline.Local;

/// <summary>The functions app as a child process.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);
    private readonly ChildProcess process;

    private AppProcess(ChildProcess process) => this.process = process;

    public int ProcessId => process.Id;

    public Task Exited => process.Exited;

    /// <summary>Starts the app and waits until it is healthy.</summary>
    /// <exception cref="LaunchException">It ended, or did not become healthy in time.</exception>
    public static async Task<AppProcess> StartAsync(Settings settings, ApiClient api, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(settings.AppLog) ?? settings.StateFolder);
        var environment = new Dictionary<string, string>(settings.AppSettings)
        {
            ["AzureWebJobsStorage"] = settings.ConnectionString,
            ["Lake__ConnectionString"] = settings.ConnectionString,
            ["EventHub"] = settings.EventHub,
            ["EventHub__Name"] = Settings.EventHubName,
            ["EventHub__LiveConsumerGroup"] = "live",
            ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
        };
        if (Environment.GetEnvironmentVariable(NorthwindDatabase.Setting) is null)
        {
            environment.TryAdd(NorthwindDatabase.Setting, NorthwindDatabase.ConnectionStringOf(settings));
        }

        var process = ChildProcess.Start(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [settings.AppFile, "--port", settings.AppPort.ToString(CultureInfo.InvariantCulture)],
            environment, Path.GetDirectoryName(settings.AppFile), settings.AppLog,
            "The command 'dotnet' was not found. Install the .NET SDK 10 (https://dot.net) and try again.");
        var app = new AppProcess(process);
        try
        {
            await app.WaitUntilHealthyAsync(settings, api, cancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says how it ended, with its last lines.</summary>
    public string Obituary(Settings settings) =>
        $"The app ended with code {process.ExitCode}.{Environment.NewLine}{process.LastOutput}{Environment.NewLine}Its log: {settings.AppLog}";

    /// <summary>Whether it was given partitions of the event hub: its log says so.</summary>
    public bool TakesEvents => process.LastOutput.Contains("'IngestEvents' was given partitions", StringComparison.Ordinal);

    /// <summary>Ends it at once, in the middle of whatever it does.</summary>
    public void Kill() => process.Kill();

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private async Task WaitUntilHealthyAsync(Settings settings, ApiClient api, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (await api.LookAsync(cancellationToken) != Found.Ours)
        {
            if (process.HasExited)
            {
                await process.Exited;
                throw new LaunchException(Obituary(settings));
            }

            if (waited.Elapsed > StartDeadline)
            {
                throw new LaunchException(
                    $"The app did not become healthy within {StartDeadline.TotalSeconds} s ({settings.Api}health).{Environment.NewLine}{process.LastOutput}{Environment.NewLine}Its log: {settings.AppLog}");
            }

            await Task.Delay(100, cancellationToken);
        }
    }
}
