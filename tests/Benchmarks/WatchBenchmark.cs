using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;
using Pipeline.Local.Emulators;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>From sending an event to the push, received by a SignalR client, whose count has it (<c>mode: event</c>).</summary>
internal static class WatchBenchmark
{
    private const int DefaultRate = 2_000;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var (count, rate) = ((int)Math.Min(options.Rows, 120_000), options.Rate == 0 ? DefaultRate : options.Rate);
        var sent = new long[count];
        var pushed = new long[count + 1];
        var highest = 0L;
        await using var broker = await Broker.StartAsync(["events"], null, cancellationToken);
        await using var app = await SalesApp.StartAsync(options, cancellationToken, broker);
        await using var connection = new HubConnectionBuilder().WithUrl(new Uri(app.Address, "live")).Build();
        connection.On<JsonElement>("live", message =>
        {
            // Valid events only: 99 of 100.
            var events = message.GetProperty("windows").EnumerateArray().Sum(w => w.GetProperty("groups").EnumerateArray().Sum(g => g.GetProperty("values").GetProperty("events").GetInt64()));
            var now = Stopwatch.GetTimestamp();
            for (; highest < events && highest < count; highest++)
            {
                pushed[highest] = now;
            }
        });
        await connection.StartAsync(cancellationToken);
        using var producer = new SalesEvents(broker);
        var numbers = new List<int>();
        await producer.SendAsync(count, rate, () => long.MaxValue / 2, id =>
        {
            sent[id] = Stopwatch.GetTimestamp();
            if (id % 100 != 0)
            {
                numbers.Add((int)id);
            }
        });
        var waited = Stopwatch.StartNew();
        while (highest < numbers.Count && waited.Elapsed < LongestWait)
        {
            await Task.Delay(20, cancellationToken);
        }

        // The first seconds are those of a session that opens and code that is compiled.
        var delays = numbers.Select((id, place) => (id, place)).Where(n => n.place >= rate * 5 && pushed[n.place] > 0).Select(n => Stopwatch.GetElapsedTime(sent[n.id], pushed[n.place]).TotalMilliseconds).Order().ToList();
        Say($"{count:N0} events at {rate:N0} a second, {highest:N0} of {numbers.Count:N0} valid ones seen; after the first 5 s: p50 {At(0.5):N0} ms (aim 150), p90 {At(0.9):N0} ms, p99 {At(0.99):N0} ms (aim 1,000), most {At(1):N0} ms; the app's CPU {app.Figures.Cpu.TotalSeconds:N1} s");

        double At(double share) => delays.Count == 0 ? double.NaN : delays[Math.Min(delays.Count - 1, (int)(share * delays.Count))];
    }
}
