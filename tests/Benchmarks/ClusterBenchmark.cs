using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Clustering;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>The built-in k-means beside scikit-learn's Lloyd in one run: the same rows, first centroids and iterations. And rows that are many, out of Parquet files.</summary>
internal static class ClusterBenchmark
{
    private const int Iterations = 50;
    private const int LeastTimes = 5;
    private const long LakeMemoryBytes = 128 << 20;
    private const int LakeColumns = 8;
    private const int LakeK = 16;

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        try
        {
            FromLake(folder, options, cancellationToken);
            var roofline = Roofline.Measure(options.Threads);
            Say($"{options.Threads} threads on {Environment.ProcessorCount} cores, load {Load()}: at most {roofline.Flops / 1e9:N0} GFLOP/s in 32 bits, {roofline.BytesPerSecond / 1e9:N0} GB/s");
            foreach (var (rows, columns, k) in new[] { (1_000_000, 8, 16), (200_000, 64, 64), (1_000_000, 3, 5) })
            {
                await CompareAsync(folder, rows, columns, k, options, roofline, cancellationToken);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareAsync(string folder, int rows, int columns, int k, BenchmarkOptions bench, Roofline roofline, CancellationToken cancellationToken)
    {
        var times = Math.Max(bench.Times, LeastTimes);
        var (values, first) = Rows(rows, columns, k);
        await File.WriteAllBytesAsync(Path.Combine(folder, "rows.f32"), MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), cancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(folder, "first.f32"), MemoryMarshal.AsBytes(first.AsSpan()).ToArray(), cancellationToken);
        var matrix = FeatureMatrix.Of([.. Enumerable.Range(0, columns).Select(i => $"x{i}")], values);
        var options = new KMeansOptions { K = k, MaxIterations = Iterations, Tolerance = 0, Threads = bench.Threads, Centroids = [.. first.Chunk(columns).Select(c => c.Select(x => (double)x).ToArray())] };
        var (ours, cpu, clusters) = Train(matrix, options, times, cancellationToken);
        // The last iterations only, in which few rows move.
        var (iterations, half) = (clusters.Model.Iterations ?? Iterations, Math.Max(1, (clusters.Model.Iterations ?? Iterations) / 2));
        var (_, less, _) = Train(matrix, options with { MaxIterations = half }, times, cancellationToken);
        var iteration = (cpu.Min() - less.Min()) / Math.Max(1, iterations - half) / bench.Threads;
        var reached = 2.0 * rows * columns * k / iteration.TotalSeconds;
        Say($"{rows:N0} x {columns}, k = {k}, load {Load()}");
        Say($"  built in      {Median(ours).TotalMilliseconds,8:N1} ms (best {ours.Min().TotalMilliseconds:N1}; CPU {cpu.Min().TotalMilliseconds:N1}), {iterations} iterations, inertia {clusters.Model.Inertia:E6}");
        Say($"                {iteration.TotalMilliseconds,8:N3} ms of each thread for an iteration: {reached / 1e9:N0} GFLOP/s, {reached / roofline.Limit(k / 2.0):P0} of what is possible");
        var seeded = Stopwatch.StartNew();
        new KMeansTrainer().Train(matrix, options with { Centroids = null, MaxIterations = 1, Restarts = 1 }, cancellationToken);
        Say($"                {seeded.Elapsed.TotalMilliseconds,8:N1} ms for k-means++ and one iteration");
        if (await PeerAsync(folder, rows, columns, k, times, bench.Threads, cancellationToken) is { } peer)
        {
            var (seconds, theirCpu) = (Times(peer, "seconds"), Times(peer, "cpu"));
            Say($"  scikit-learn  {Median(seconds).TotalMilliseconds,8:N1} ms (best {seconds.Min().TotalMilliseconds:N1}; CPU {theirCpu.Min().TotalMilliseconds:N1}), {peer.GetProperty("iterations")} iterations, inertia {peer.GetProperty("inertia").GetDouble():E6}, with {peer.GetProperty("blas")}");
            Say($"  ratio         {Median(seconds) / Median(ours),8:N1} x (best by best {seconds.Min() / ours.Min():N1} x; CPU by CPU {theirCpu.Min() / cpu.Min():N1} x)");
        }
    }

    private static List<TimeSpan> Times(JsonElement peer, string name) => [.. peer.GetProperty(name).EnumerateArray().Select(s => TimeSpan.FromSeconds(s.GetDouble()))];

    private static (List<TimeSpan> Walls, List<TimeSpan> Cpu, Clusters Clusters) Train(FeatureMatrix matrix, KMeansOptions options, int times, CancellationToken cancellationToken)
    {
        var trainer = new KMeansTrainer();
        var clusters = trainer.Train(matrix, options, cancellationToken);
        var (walls, cpu) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var time = 0; time < times; time++)
        {
            var (watch, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            clusters = trainer.Train(matrix, options, cancellationToken);
            walls.Add(watch.Elapsed);
            cpu.Add(Environment.CpuUsage.TotalTime - before);
        }

        return (walls, cpu, clusters);
    }

    private static async Task<JsonElement?> PeerAsync(string folder, int rows, int columns, int k, int times, int threads, CancellationToken cancellationToken)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "peers", "sklearn_kmeans.py");
        // Debian's scikit-learn belongs to Debian's Python, which need not be the first on the path.
        foreach (var python in new[] { "/usr/bin/python3", "python3" }.Where(p => !Path.IsPathRooted(p) || File.Exists(p)))
        {
            var arguments = new[] { script, folder, $"{rows}", $"{columns}", $"{k}", $"{Iterations}", $"{times}" };
            var start = new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["OMP_NUM_THREADS"] = $"{threads}";
            using var process = Process.Start(start);
            if (process is null)
            {
                continue;
            }

            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            await errors;
            if (process.ExitCode == 0)
            {
                using var answer = JsonDocument.Parse(output);
                return answer.RootElement.Clone();
            }
        }

        Say($"  scikit-learn is not here: apt-get install -y python3-sklearn libopenblas0-pthread (with the reference BLAS it is many times slower)");
        return null;
    }

    // Parquet as the lake has it, read in the memory that an activity's session may have.
    private static void FromLake(string folder, BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var file = Sql.Literal(Path.Combine(folder, "rows.parquet"));
        var columns = Enumerable.Range(0, LakeColumns).Select(i => $"x{i}").ToList();
        using (var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, MemoryLimitBytes = LakeMemoryBytes }))
        {
            session.Execute($"""
                set preserve_insertion_order = false;
                copy (select {string.Join(", ", columns.Select((c, i) => $"((i % {LakeK}) * {7 + i} % 23 + sin(i * {i + 1}.0))::float as {c}"))} from range({options.Rows}) t(i)) to {file} (format parquet, compression zstd)
                """, cancellationToken);
        }

        var watch = Stopwatch.StartNew();
        FeatureMatrix matrix;
        using (var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, MemoryLimitBytes = options.MemoryBytes ?? LakeMemoryBytes }))
        using (var result = session.Query($"select {string.Join(", ", columns)} from read_parquet({file})", cancellationToken))
        {
            matrix = FeatureMatrix.Read(result, FeatureScaling.None, cancellationToken);
        }

        var read = watch.Elapsed;
        var clusters = new KMeansTrainer().Train(matrix, new KMeansOptions { K = LakeK, Restarts = 1 }, cancellationToken);
        var peak = ProcessFigures.TryOf(Environment.ProcessId)?.PeakBytes ?? 0;
        Say($"{matrix.Rows:N0} x {LakeColumns} out of Parquet: read in {read.TotalSeconds:N1} s, k-means++ and {clusters.Model.Iterations} iterations in {(watch.Elapsed - read).TotalSeconds:N1} s, peak {peak / 1e6:N0} MB (the floats: {matrix.Rows * 4L * LakeColumns / 1e6:N0} MB)");
        File.Delete(Path.Combine(folder, "rows.parquet"));
    }

    // Clouds that overlap, so that rows go on changing their clusters.
    private static (float[] Rows, float[] First) Rows(int rows, int columns, int k)
    {
        var random = new Random(5);
        var centres = Enumerable.Range(0, k * columns).Select(_ => ((random.NextDouble() * 2) - 1) * Math.Sqrt(8.0 / columns)).ToArray();
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i++)
        {
            var (row, column) = Math.DivRem(i, columns);
            values[i] = (float)(centres[(row % k * columns) + column] + random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2);
        }

        return (values, values[..(k * columns)]);
    }

    private static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}
