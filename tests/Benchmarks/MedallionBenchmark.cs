using System.Diagnostics;
using Pipeline.Lakehouse.Storage;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>Sales rows through the whole path, from POST to completed, beside the bound measured in the same run.</summary>
internal static class MedallionBenchmark
{
    private const long UsualRows = 10_000_000;

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        if (options.Rows <= UsualRows)
        {
            await RunAsync(options, withBound: true, cancellationToken);
            return;
        }

        var usual = await RunAsync(options with { Rows = UsualRows }, withBound: false, cancellationToken);
        var large = await RunAsync(options, withBound: false, cancellationToken);
        Say($"per row: {large / options.Rows * 1e6:N2} us of {options.Rows:N0} rows, {usual / UsualRows * 1e6:N2} us of {UsualRows:N0}: {large / options.Rows / (usual / UsualRows):N2} x");
    }

    private static async Task<double> RunAsync(BenchmarkOptions options, bool withBound, CancellationToken cancellationToken)
    {
        var walls = new List<TimeSpan>();
        var bounds = new List<TimeSpan>();
        for (var time = 0; time < options.Times; time++)
        {
            await using var app = await SalesApp.StartAsync(options, cancellationToken);
            var csv = Path.Combine(app.Folder, "sales.csv");
            SalesFile.Write(csv, 0, options.Rows, app.Folder);
            Say($"{options.Rows:N0} rows, {new FileInfo(csv).Length / 1e6:N0} MB of CSV, {Environment.ProcessorCount} cores, memory {options.MemoryBytes?.ToString("N0", null) ?? "by default"}, scratch {options.ScratchBytes?.ToString("N0", null) ?? "by default"}");
            var path = await app.UploadAsync(csv, cancellationToken);
            if (!withBound)
            {
                File.Delete(csv);
            }

            var watch = Stopwatch.StartNew();
            try
            {
                walls.Add(await app.RunAsync(cancellationToken));
            }
            finally
            {
                var (elapsed, figures) = (watch.Elapsed, app.Figures);
                Say($"  run    {elapsed.TotalSeconds:N1} s wall, {elapsed.TotalMicroseconds / options.Rows:N2} us a row; the app used {figures.Cpu.TotalSeconds:N1} s of CPU and {figures.PeakBytes / 1e9:N2} GB at its peak");
            }

            if (withBound)
            {
                bounds.Add(await BoundAsync(app, csv, path, cancellationToken));
            }
        }

        var wall = Median(walls);
        if (withBound)
        {
            var bound = Median(bounds);
            Say($"pipeline {wall.TotalSeconds:N1} s, bound {bound.TotalSeconds:N1} s (medians of {options.Times}): {wall / bound:N2} x the bound");
        }

        return wall.TotalSeconds;
    }

    private static async Task<TimeSpan> BoundAsync(SalesApp app, string csv, LakePath path, CancellationToken cancellationToken)
    {
        var bound = new Bound(Directory.CreateDirectory(Path.Combine(app.Folder, "bound")).FullName);
        var stages = bound.RunSql(csv);
        var transfer = await bound.TransferAsync(app.ConnectionString, path, cancellationToken);
        foreach (var (stage, wall) in stages.Append(("transfers", transfer)))
        {
            Say($"  bound  {stage,-12} {wall.TotalSeconds,6:N1} s");
        }

        return stages.Aggregate(transfer, (sum, s) => sum + s.Wall);
    }
}
