using System.Diagnostics;
using Azure.Storage.Blobs;
using Pipeline.Local.Emulators;

namespace Pipeline.Local;

/// <summary>The storage emulator, the event broker and the app: found running, or started here. What was started here ends with this object, or with this process.</summary>
internal sealed partial class Launched : IAsyncDisposable
{
    private static readonly TimeSpan OtherLauncherDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LeftoverDeadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan EndingNoticed = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CtrlCNoticed = TimeSpan.FromMilliseconds(300);
    private readonly Settings settings;
    private FileStream? stateLock;
    private Azurite? azurite;
    private Broker? broker;
    private AppProcess? app;

    private Launched(Settings settings)
    {
        this.settings = settings;
        Api = new ApiClient(settings.Api);
        Storage = new BlobServiceClient(settings.ConnectionString);
    }

    public ApiClient Api { get; }

    public BlobServiceClient Storage { get; }

    /// <summary>Uses what runs and starts what does not.</summary>
    /// <exception cref="LaunchException">A port is taken by something else, a program is missing, or what was started did not come up. Nothing is left running.</exception>
    public static async Task<Launched> StartAsync(Settings settings, Screen screen, CancellationToken cancellationToken)
    {
        var launched = new Launched(settings);
        try
        {
            if (await launched.OwnsStateAsync(screen, cancellationToken))
            {
                await launched.EndLeftoversAsync(screen, cancellationToken);
                await launched.StartStorageAsync(screen, cancellationToken);
                await launched.StartBrokerAsync(screen, cancellationToken);
                await launched.StartAppAsync(screen, cancellationToken);
                launched.Note();
            }

            return launched;
        }
        catch
        {
            await launched.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does work that needs all of them running; if one of them ends meanwhile, fails saying how it ended.</summary>
    public async Task<T> WhileRunningAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = EndedAsync();
        var working = work(stop.Token);
        await Task.WhenAny(working, ended);
        if (!ended.IsCompleted && working.Exception?.InnerException is HttpRequestException)
        {
            // A connection breaks a moment before the process is seen to have ended.
            await Task.WhenAny(ended, Task.Delay(EndingNoticed, cancellationToken));
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (!ended.IsCompleted || working.IsCompletedSuccessfully)
        {
            return await working;
        }

        // Ctrl-C reaches the children too, and they may be quicker than this process.
        await Task.Delay(CtrlCNoticed, cancellationToken);

        await stop.CancelAsync();
        await Task.WhenAny(working);
        throw new LaunchException(await ended);
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        if (app is not null)
        {
            await app.DisposeAsync();
        }

        if (broker is not null)
        {
            await broker.DisposeAsync();
        }

        if (azurite is not null)
        {
            await azurite.DisposeAsync();
        }

        if (stateLock is not null)
        {
            File.Delete(settings.RunningFile);
            await stateLock.DisposeAsync();
        }
    }

    /// <summary>A sentence, once something that was started here has ended.</summary>
    private async Task<string> EndedAsync()
    {
        var never = new TaskCompletionSource();
        var first = await Task.WhenAny(azurite?.Exited ?? never.Task, broker?.Exited ?? never.Task, app?.Exited ?? never.Task);
        return app is not null && first == app.Exited ? app.Obituary(settings)
            : broker is not null && first == broker.Exited ? $"The event broker ended unexpectedly.{Environment.NewLine}{broker.LastOutput}"
            : $"Azurite, the storage emulator, ended unexpectedly.{Environment.NewLine}{azurite?.LastOutput}";
    }

    /// <summary>Takes the state's lock, or finds that another launcher holds it and everything runs.</summary>
    private async Task<bool> OwnsStateAsync(Screen screen, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(settings.StateFolder);
        var waited = Stopwatch.StartNew();
        for (var told = false; ; await Task.Delay(100, cancellationToken))
        {
            try
            {
                stateLock = new FileStream(Path.Combine(settings.StateFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return true;
            }
            catch (IOException)
            {
                // Held by another launcher.
            }

            var other = RunningFile.Read(settings.RunningFile);
            if (other is not null && (other.AppPort, other.StoragePort, other.BrokerPort) != (settings.AppPort, settings.StoragePort, settings.BrokerPort) && other.Launcher.IsAlive)
            {
                throw new LaunchException(
                    $"The state in {settings.StateFolder} is in use: process {other.Launcher.Id} runs the app on port {other.AppPort}, storage on port {other.StoragePort} and the event broker on port {other.BrokerPort}. "
                    + $"Use it with --port {other.AppPort} --storage-port {other.StoragePort} --broker-port {other.BrokerPort}, or stop it first.");
            }

            // The app starts last.
            if (other is not null && await StorageProbe.LookAsync(settings.StoragePort, StorageEndpoint.Blobs, cancellationToken) == Found.Ours && await Api.LookAsync(cancellationToken) == Found.Ours)
            {
                return false;
            }

            if (waited.Elapsed > OtherLauncherDeadline)
            {
                throw new LaunchException($"Another launcher holds {settings.StateFolder}, but nothing answers on ports {settings.StoragePort} and {settings.AppPort}. Stop it and try again.");
            }

            if (!told && waited.Elapsed > TimeSpan.FromSeconds(1))
            {
                screen.Line("Waiting for another launcher to come up or to end …");
                told = true;
            }
        }
    }

    /// <summary>A launcher that was killed leaves children that are still saving their state.</summary>
    private async Task EndLeftoversAsync(Screen screen, CancellationToken cancellationToken)
    {
        foreach (var child in RunningFile.Read(settings.RunningFile)?.Children ?? [])
        {
            if (child.IsAlive)
            {
                using var process = Process.GetProcessById(child.Id);
                using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                deadline.CancelAfter(LeftoverDeadline);
                try
                {
                    await screen.WaitingAsync($"Waiting for process {child.Id} of an earlier launch to end …", process.WaitForExitAsync(deadline.Token));
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    process.Kill(entireProcessTree: true);
                }
            }
        }
    }

    private async Task StartAppAsync(Screen screen, CancellationToken cancellationToken)
    {
        switch (await Api.LookAsync(cancellationToken))
        {
            case Found.Ours when azurite is not null:
                throw new LaunchException(
                    $"The app runs on port {settings.AppPort}, but its storage emulator was not on port {settings.StoragePort}. End it, or say where its storage is with --storage-port.");
            case Found.Ours:
                screen.Line($"Using the app that runs on port {settings.AppPort}.");
                break;
            case Found.Stranger:
                throw new LaunchException(
                    $"Port {settings.AppPort}, needed for the app, is taken by something that does not answer as the app does (GET /api/health). End it, or choose another port with --port or PIPELINE_PORT.");
            default:
                await screen.WaitingAsync("Starting the app …", StartAsync());
                break;
        }

        async Task StartAsync() => app = await AppProcess.StartAsync(settings, Api, cancellationToken);
    }

    private void Note()
    {
        var children = new[] { azurite?.ProcessId, broker?.ProcessId, app?.ProcessId }.OfType<int>().Select(ProcessMark.Of).OfType<ProcessMark>().ToList();
        if (children.Count == 0 || ProcessMark.Of(Environment.ProcessId) is not { } self)
        {
            stateLock?.Dispose();
            stateLock = null;
            return;
        }

        new RunningFile
        {
            Launcher = self,
            Children = children,
            AppPort = settings.AppPort,
            StoragePort = settings.StoragePort,
            BrokerPort = settings.BrokerPort,
        }.Write(settings.RunningFile);
    }
}
