using System.Globalization;
using Pipeline.Lakehouse.Storage;
using Pipeline.Local.Emulators;

namespace Pipeline.Benchmarks;

/// <summary>Sales rows in files of a million through an instance as small as one of Flex Consumption: 1 GiB for the sessions of four activities, 800 MiB of scratch disk.</summary>
internal static class LimitsBenchmark
{
    private const long RowsPerFile = 1_000_000;
    private const long MemoryBytes = 1L << 30;
    private const long ScratchBytes = 800L << 20;

    public static async Task RunAsync(long rows, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        try
        {
            await using var azurite = await Azurite.StartAsync(Path.Combine(folder, "azurite"), blobPort: null, cancellationToken);
            var bytes = 0L;
            for (var first = 0L; first < rows; first += RowsPerFile)
            {
                var csv = Path.Combine(folder, "sales.csv");
                SalesFile.Write(csv, first, Math.Min(first + RowsPerFile, rows), folder);
                bytes += new FileInfo(csv).Length;
                await MedallionBenchmark.UploadAsync(azurite.ConnectionString, csv, new LakePath("landing", string.Create(CultureInfo.InvariantCulture, $"sales/sales-{first:D12}.csv")), cancellationToken);
                File.Delete(csv);
            }

            MedallionBenchmark.Say($"{rows:N0} rows, {bytes / 1e6:N0} MB of CSV, {Environment.ProcessorCount} cores, {MemoryBytes >> 20} MiB for sessions, {ScratchBytes >> 20} MiB of scratch disk");
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var scratch = PeakAsync(Path.Combine(folder, "scratch"), end.Token);
            var (wall, app) = await MedallionBenchmark.RunPipelineAsync(
                azurite.ConnectionString,
                folder,
                cancellationToken,
                ("Engine__MemoryBytes", MemoryBytes.ToString(CultureInfo.InvariantCulture)),
                ("Engine__ScratchBytes", ScratchBytes.ToString(CultureInfo.InvariantCulture)));
            await end.CancelAsync();
            MedallionBenchmark.Say($"pipeline: {wall.TotalSeconds:N1} s wall, {app.Cpu.TotalSeconds:N1} s of CPU, {app.PeakBytes / 1e9:N2} GB of memory and {await scratch / 1e9:N2} GB of scratch disk at their peaks");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Files come and go while they are counted.
    private static async Task<long> PeakAsync(string folder, CancellationToken cancellationToken)
    {
        var peak = 0L;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                peak = Math.Max(peak, new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // A file or folder was deleted in between; the next count has what is there.
            }

            await Task.Delay(100, CancellationToken.None);
        }

        return peak;
    }
}
