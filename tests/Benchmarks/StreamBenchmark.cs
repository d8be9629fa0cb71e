using System.Diagnostics;
using System.Globalization;
using Pipeline.Local.Emulators;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>Events through broker, trigger and function into bronze, silver and rejected, all on one machine.</summary>
internal static class StreamBenchmark
{
    private const int Bound = 20_000;
    private const string Count = "select (select count(*) from silver.sales) + (select count(*) from rejected.sales)";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // The app answers the question: it is not to be what is measured.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var broker = await Broker.StartAsync(["events"], null, cancellationToken);
        await using var app = await SalesApp.StartAsync(options, cancellationToken, broker);
        using var events = new SalesEvents(broker);
        var counted = 0L;
        Say($"{options.Rows:N0} events, {(options.Rate == 0 ? "as fast as it goes" : options.Rate.ToString("N0", CultureInfo.InvariantCulture) + " a second")}, {Environment.ProcessorCount} cores");
        Say($"| seconds | in silver and rejected | events/s | app's CPU, cores | app MB |");
        Say($"|---:|---:|---:|---:|---:|");
        var moments = new List<Moment> { new(TimeSpan.Zero, 0, app.Figures) };
        var watch = Stopwatch.StartNew();
        var sending = Task.Run(() => events.SendAsync(options.Rows, options.Rate, () => Interlocked.Read(ref counted), null), cancellationToken);
        var told = moments[0];
        while (counted < options.Rows)
        {
            await Task.Delay(Pause, cancellationToken);
            Interlocked.Exchange(ref counted, await app.CountAsync("stream", Count, cancellationToken));
            var now = new Moment(watch.Elapsed, counted, app.Figures);
            moments.Add(now);
            if (now.Time - told.Time >= Interval)
            {
                Say($"| {now.Time.TotalSeconds:N0} | {counted:N0} | {now.RateSince(told):N0} | {now.CoresSince(told):N2} | {now.App.ResidentBytes / 1e6:N0} |");
                told = now;
            }
        }

        await sending;
        var rejected = await app.CountAsync("stream", "select count(*) from rejected.sales", cancellationToken);
        var (begin, end) = (moments[0], moments[^1]);
        var first = moments.First(m => m.Events > 0);
        Say($"{end.RateSince(begin):N0} events/s over {end.Time.TotalSeconds:N1} s from the first event sent to the last one committed; {rejected:N0} rejected, expected {SalesEvents.RejectedOf(options.Rows):N0}");
        Say($"{end.RateSince(first):N0} events/s over the {(end.Time - first.Time).TotalSeconds:N1} s from the first commit to the last: {end.RateSince(first) / Bound:N2} of the aim of {Bound:N0}");
        Say($"the app's CPU {(end.App.Cpu - begin.App.Cpu).TotalMicroseconds / options.Rows:N1} µs an event; its memory in thirds of that time: {string.Join(", ", Thirds(moments, first, end).Select(bytes => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N0} MB")))} on average, {begin.App.ResidentBytes / 1e6:N0} MB before, peak {end.App.PeakBytes / 1e6:N0} MB");
    }

    private static IEnumerable<double> Thirds(List<Moment> moments, Moment first, Moment end) =>
        moments.Where(m => m.Time >= first.Time).GroupBy(m => Math.Min(2, (int)(3 * (m.Time - first.Time) / (end.Time - first.Time + TimeSpan.FromTicks(1))))).OrderBy(third => third.Key).Select(third => third.Average(m => m.App.ResidentBytes));

    private sealed record Moment(TimeSpan Time, long Events, ProcessFigures App)
    {
        public double RateSince(Moment earlier) => (Events - earlier.Events) / (Time - earlier.Time).TotalSeconds;

        public double CoresSince(Moment earlier) => (App.Cpu - earlier.App.Cpu) / (Time - earlier.Time);
    }
}
