using System.Diagnostics;
using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>Records of an HTTP API into bronze, beside fetching the same pages one after the other and making them Parquet; and an increment of a thousand, over many rows and over few.</summary>
internal static class RestBenchmark
{
    private const int FewRows = 10_000;
    private const int Increment = 1_000;

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var list = new RestList();
        await using var app = await SalesApp.StartAsync(options, cancellationToken, connections: new Dictionary<string, string> { ["shop"] = $"Url={list.Url};Auth=none" });
        (list.Rows["sales"], list.Rows["few"]) = (options.Rows, FewRows);
        var wall = await app.RunAsync(cancellationToken, "rest", fullRefresh: false, "bronze.sales");
        var bound = await BoundAsync(list, app.Folder, cancellationToken);
        await app.RunAsync(cancellationToken, "rest", fullRefresh: false, "bronze.few");
        var (many, few) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var time = 0; time < Math.Max(3, options.Times); time++)
        {
            many.Add(await IncrementAsync("sales"));
            few.Add(await IncrementAsync("few"));
        }

        Say($"{options.Rows:N0} records of ten fields, {Environment.ProcessorCount} cores, the API on them too; the bound fetches the pages to files, then DuckDB makes them Parquet");
        Say($"| | seconds | records/s |");
        Say($"|---|---:|---:|");
        Say($"| bronze, the run from the request to its end | {wall.TotalSeconds:N1} | {options.Rows / wall.TotalSeconds:N0} |");
        Say($"| bound | {bound.TotalSeconds:N1} | {options.Rows / bound.TotalSeconds:N0} |");
        Say($"| {Increment:N0} new records over these, the step | {Median(many).TotalSeconds:N2} | |");
        Say($"| {Increment:N0} new records over {FewRows:N0}, the step | {Median(few).TotalSeconds:N2} | |");
        Say($"{wall / bound:N2} x the bound; an increment over {options.Rows / FewRows:N0} times the rows takes {Median(many) / Median(few):N2} x the time; the app's peak {app.Figures.PeakBytes / 1e9:N2} GB");

        async Task<TimeSpan> IncrementAsync(string name)
        {
            list.Rows[name] += Increment;
            await app.RunAsync(cancellationToken, "rest", fullRefresh: false, $"bronze.{name}");
            return app.LastStep;
        }
    }

    private static async Task<TimeSpan> BoundAsync(RestList list, string folder, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var http = new HttpClient { BaseAddress = list.Url };
        var pages = 0;
        for (var next = "0"; next is not null; pages++)
        {
            var file = Path.Combine(folder, FormattableString.Invariant($"page-{pages}.json"));
            await using (var target = File.Create(file))
            {
                await (await http.GetStreamAsync(new Uri($"sales?after={next}", UriKind.Relative), cancellationToken)).CopyToAsync(target, cancellationToken);
            }

            using var page = JsonDocument.Parse(await File.ReadAllBytesAsync(file, cancellationToken));
            next = page.RootElement.GetProperty("next").GetString();
        }

        using var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, MemoryLimitBytes = 1L << 30 });
        session.Execute(
            $"copy (select unnest(items, recursive := true) from read_json({Sql.Literal(Path.Combine(folder, "page-*.json"))}, maximum_object_size = 16777216)) to {Sql.Literal(Path.Combine(folder, "pages.parquet"))} (format parquet, compression zstd)",
            cancellationToken);
        return watch.Elapsed;
    }
}
