using System.Diagnostics;
using System.Globalization;
using Pipeline.Local.Emulators;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>Events through broker, trigger and function into bronze, silver and rejected, all on one machine.</summary>
internal static class StreamBenchmark
{
    private const int Bound = 20_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var broker = await Broker.StartAsync(["events"], null, cancellationToken);
        await using var app = await SalesApp.StartAsync(options, cancellationToken, broker);
        using var events = new SalesEvents(broker);
        var counted = 0L;
        Say($"{options.Rows:N0} events, {(options.Rate == 0 ? "as fast as it goes" : options.Rate.ToString("N0", CultureInfo.InvariantCulture) + " a second")}, {Environment.ProcessorCount} cores");
        Say($"| seconds | in silver and rejected | events/s | app MB |");
        Say($"|---|---|---|---|");
        var watch = Stopwatch.StartNew();
        var sending = Task.Run(() => events.SendAsync(options.Rows, options.Rate, () => Interlocked.Read(ref counted), null), cancellationToken);
        var (told, before) = (TimeSpan.Zero, 0L);
        while (counted < options.Rows)
        {
            await Task.Delay(250, cancellationToken);
            Interlocked.Exchange(ref counted, await app.CountAsync("stream", "select (select count(*) from silver.sales) + (select count(*) from rejected.sales)", cancellationToken));
            if (watch.Elapsed - told >= Interval)
            {
                Say($"| {watch.Elapsed.TotalSeconds:N0} | {counted:N0} | {(counted - before) / (watch.Elapsed - told).TotalSeconds:N0} | {app.Figures.PeakBytes / 1e6:N0} |");
                (told, before) = (watch.Elapsed, counted);
            }
        }

        var seconds = watch.Elapsed.TotalSeconds;
        await sending;
        var rejected = await app.CountAsync("stream", "select count(*) from rejected.sales", cancellationToken);
        Say($"{options.Rows / seconds:N0} events/s over {seconds:N1} s: {options.Rows / seconds / Bound:N2} of the aim of {Bound:N0}; {rejected:N0} rejected, expected {SalesEvents.RejectedOf(options.Rows):N0}; the app's CPU {app.Figures.Cpu.TotalSeconds:N1} s, peak {app.Figures.PeakBytes / 1e6:N0} MB");
    }
}
