using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>The same rows cleaned without rules and with 25, one after the other over the same bronze: what checking, measuring and judging cost.</summary>
internal static class QualityBenchmark
{
    private const string Pipeline = "quality";

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var app = await SalesApp.StartAsync(options, cancellationToken);
        var csv = Path.Combine(app.Folder, "sales.csv");
        SalesFile.Write(csv, 0, options.Rows, app.Folder);
        Say($"{options.Rows:N0} rows, {new FileInfo(csv).Length / 1e6:N0} MB of CSV, {Environment.ProcessorCount} cores");
        await app.UploadAsync(csv, cancellationToken);
        File.Delete(csv);
        await app.RunAsync(cancellationToken, Pipeline, fullRefresh: false, "bronze.bare", "bronze.ruled");
        var (bare, ruled) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var time = 0; time < options.Times; time++)
        {
            bare.Add(await app.RunAsync(cancellationToken, Pipeline, fullRefresh: true, "silver.bare"));
            ruled.Add(await app.RunAsync(cancellationToken, Pipeline, fullRefresh: true, "silver.ruled"));
        }

        Say($"without rules {Median(bare).TotalSeconds:N1} s, with 25 rules {Median(ruled).TotalSeconds:N1} s (medians of {options.Times}): {Median(ruled) / Median(bare):N2} x; the app's peak {app.Figures.PeakBytes / 1e9:N2} GB");
    }
}
