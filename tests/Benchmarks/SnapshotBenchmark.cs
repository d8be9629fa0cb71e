using System.Diagnostics;
using System.Text;
using Azure.Storage.Blobs;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Local.Emulators;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>What it costs to open a table of many commits from its checkpoint.</summary>
internal static class SnapshotBenchmark
{
    private const int Reads = 21;
    private const int ParallelWrites = 16;
    private static readonly LakePath Root = new("bench", "table");

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        try
        {
            await using var azurite = await Azurite.StartAsync(Path.Combine(folder, "azurite"), blobPort: null, cancellationToken);
            var lake = new BlobLake(new BlobServiceClient(azurite.ConnectionString, BlobLake.Options()));
            await lake.CreateContainerAsync(Root.Container, cancellationToken);
            await FillAsync(lake, options.Commits, folder, cancellationToken);
            await MeasureAsync(lake, options.Commits, folder, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The first two commits and the last are made as always; those between are copies of the second with file names of their own.
    private static async Task FillAsync(BlobLake lake, int commits, string folder, CancellationToken cancellationToken)
    {
        var table = new DeltaTable(lake, Root, TimeProvider.System, folder);
        await table.CommitAsync(Append(0), cancellationToken);
        await table.CommitAsync(Append(1), cancellationToken);
        var entry = Encoding.UTF8.GetString(await lake.ReadAsync(Entry(1), cancellationToken) ?? throw new InvalidOperationException("The second commit is not there."));
        await Parallel.ForAsync(2, commits, new ParallelOptions { MaxDegreeOfParallelism = ParallelWrites, CancellationToken = cancellationToken }, async (version, token) =>
        {
            await lake.WriteAsync(Entry(version), Encoding.UTF8.GetBytes(entry.Replace(Name(1), Name(version), StringComparison.Ordinal)), token);
            if (version % 1000 == 0)
            {
                Say($"  commit {version:N0} is written");
            }
        });
        await table.CommitAsync(Append(commits), cancellationToken);
    }

    private static async Task MeasureAsync(BlobLake lake, int commits, string folder, CancellationToken cancellationToken)
    {
        using var process = Process.GetCurrentProcess();
        var (cpu, wall) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var read = 0; read < Reads; read++)
        {
            process.Refresh();
            var (before, watch) = (process.TotalProcessorTime, Stopwatch.StartNew());
            var snapshot = await new DeltaTable(lake, Root, TimeProvider.System, folder).ReadAsync((long?)null, cancellationToken);
            wall.Add(watch.Elapsed);
            process.Refresh();
            cpu.Add(process.TotalProcessorTime - before);
            if (snapshot?.Version != commits || snapshot.Files.Count != commits + 1)
            {
                throw new InvalidOperationException($"The table was read at version {snapshot?.Version} with {snapshot?.Files.Count} files.");
            }
        }

        Say($"{commits:N0} commits, {commits + 1:N0} files: opened in {Median(cpu).TotalMilliseconds:N0} ms of CPU, {Median(wall).TotalMilliseconds:N0} ms wall (medians of {Reads}; the first: {cpu[0].TotalMilliseconds:N0} ms of CPU)");
    }

    private static LakePath Entry(long version) => Root.Append($"_delta_log/{version:D20}.json");

    private static string Name(long version) => $"part-{version:D8}.zstd.parquet";

    private static DeltaCommit Append(long version) => new()
    {
        Operation = "WRITE",
        Mode = CommitMode.Append,
        Schema = new DeltaSchema { Fields = [new DeltaField { Name = "id", Type = new PrimitiveType("long") }, new DeltaField { Name = "name", Type = new PrimitiveType("string") }] },
        Add =
        [
            new AddFile
            {
                Path = Name(version),
                SizeBytes = 1_000_000,
                ModifiedUnixMilliseconds = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
                Statistics = new FileStatistics { Rows = 10_000, Json = """{"numRecords":10000,"minValues":{"id":1,"name":"a"},"maxValues":{"id":9,"name":"z"},"nullCount":{"id":0,"name":0}}""" },
            },
        ],
    };
}
