using System.Diagnostics;
using Pipeline.Local.Emulators;

namespace Pipeline.Local.Events;

/// <summary>A second instance of the app, which shares the events' partitions with the first one until it is killed.</summary>
/// <param name="first">What the first one was started with.</param>
internal sealed class SecondInstance(Settings first) : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PartitionsDeadline = TimeSpan.FromSeconds(60);
    private AppProcess? process;

    /// <summary>Starts it; returns when it takes events.</summary>
    /// <exception cref="LaunchException">It ended, did not become healthy in time, or was given no partitions.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = first with { AppPort = FreePorts.Take(), AppLogName = "second.log" };
        using var api = new ApiClient(settings.Api);
        process = await AppProcess.StartAsync(settings, api, cancellationToken);
        for (var waited = Stopwatch.StartNew(); !process.TakesEvents; await Task.Delay(Look, cancellationToken))
        {
            if (process.Exited.IsCompleted || waited.Elapsed > PartitionsDeadline)
            {
                throw new LaunchException($"The second instance of the app was given no partitions of the event hub within {PartitionsDeadline.TotalSeconds} s. Its log: {settings.AppLog}");
            }
        }
    }

    /// <summary>Kills it, as by kill -9, once so many events are sent.</summary>
    public async Task KillAfterAsync(long events, Func<long> sent, CancellationToken cancellationToken)
    {
        while (sent() < events)
        {
            await Task.Delay(Look, cancellationToken);
        }

        process?.Kill();
    }

    public ValueTask DisposeAsync() => process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
