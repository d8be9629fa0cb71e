using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>Questions to the mart over HTTP: an aggregate over all rows of silver, a table of gold, and as many of the latter as go.</summary>
internal static class MartBenchmark
{
    private const int Asked = 200;
    private const int Clients = 8;
    private static readonly TimeSpan AggregateBound = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan GoldBound = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan Pressed = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var app = await SalesApp.StartAsync(options, cancellationToken);
        var csv = Path.Combine(app.Folder, "sales.csv");
        SalesFile.Write(csv, 0, options.Rows, app.Folder);
        await app.UploadAsync(csv, cancellationToken);
        File.Delete(csv);
        await app.RunAsync(cancellationToken);
        using var http = new HttpClient { BaseAddress = app.Address };
        object aggregate = new
        {
            pipeline = "sales",
            from = "silver.sales",
            groupBy = new[] { new { column = "country" } },
            aggregates = new object[] { new { function = "sum", column = "quantity" }, new { function = "count" } },
        };
        object gold = new { pipeline = "sales", from = "gold.revenue_by_country", orderBy = new[] { new { column = "country" } } };
        Say($"{options.Rows:N0} rows, {Environment.ProcessorCount} cores; the client is on them too");
        Say($"| question | p50 | p99 | aim (p50) | ratio |");
        Say($"|---|---:|---:|---:|---:|");
        await TellAsync("aggregate over all rows of silver", http, aggregate, Asked / 10, AggregateBound, cancellationToken);
        await TellAsync("a table of gold", http, gold, Asked, GoldBound, cancellationToken);

        var answered = new ConcurrentBag<TimeSpan>();
        var (begin, watch) = (app.Figures, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (watch.Elapsed < Pressed)
            {
                answered.Add(await AskAsync(http, gold, cancellationToken));
            }
        }));
        Say($"{Clients} clients: {answered.Count / watch.Elapsed.TotalSeconds:N0} questions a second to gold (aim 300), p50 {Median(answered).TotalMilliseconds:N1} ms, the app's CPU {(app.Figures.Cpu - begin.Cpu).TotalMilliseconds / answered.Count:N1} ms a question");
    }

    private static async Task TellAsync(string what, HttpClient http, object question, int times, TimeSpan bound, CancellationToken cancellationToken)
    {
        await AskAsync(http, question, cancellationToken);
        var taken = new List<TimeSpan>();
        for (var time = 0; time < times; time++)
        {
            taken.Add(await AskAsync(http, question, cancellationToken));
        }

        var last = taken.Order().ElementAt((int)(times * 0.99));
        Say($"| {what} | {Median(taken).TotalMilliseconds:N1} ms | {last.TotalMilliseconds:N1} ms | {bound.TotalMilliseconds:N0} ms | {Median(taken) / bound:N2} |");
    }

    private static async Task<TimeSpan> AskAsync(HttpClient http, object question, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await http.PostAsJsonAsync(new Uri("mart/query", UriKind.Relative), question, cancellationToken);
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        return watch.Elapsed;
    }
}
