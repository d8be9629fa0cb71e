using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>What one per cent of new rows costs beside the run that took all of them.</summary>
internal static class IncrementBenchmark
{
    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var app = await SalesApp.StartAsync(options, cancellationToken);
        var full = await TakeAsync(app, "sales-0.csv", 0, options.Rows, cancellationToken);
        var walls = new List<TimeSpan>();
        var more = Math.Max(1, options.Rows / 100);
        for (var time = 1; time <= 3; time++)
        {
            walls.Add(await TakeAsync(app, $"sales-{time}.csv", options.Rows + (more * time), more, cancellationToken));
        }

        Say($"full run of {options.Rows:N0} rows {full.TotalSeconds:N1} s; {more:N0} more {Median(walls).TotalSeconds:N1} s (median of 3): {Median(walls) / full:P1} of the full run");
    }

    private static async Task<TimeSpan> TakeAsync(SalesApp app, string name, long from, long rows, CancellationToken cancellationToken)
    {
        var csv = Path.Combine(app.Folder, name);
        SalesFile.Write(csv, from, rows, app.Folder);
        await app.UploadAsync(csv, cancellationToken);
        File.Delete(csv);
        Say($"{rows:N0} rows in {name}");
        return await app.RunAsync(cancellationToken);
    }
}
