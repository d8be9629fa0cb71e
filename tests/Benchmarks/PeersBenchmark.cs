using System.Diagnostics;
using static Pipeline.Benchmarks.Report;

namespace Pipeline.Benchmarks;

/// <summary>The same work in pandas and Polars on local files; the pipeline's time has transfers, commits and books in it.</summary>
internal static class PeersBenchmark
{
    private const string PolarsVersion = "0.26.1";

    // Named, because npm can be set to leave optional packages out.
    private static string Platform { get; } = OperatingSystem.IsWindows() ? "win32-x64-msvc"
        : OperatingSystem.IsMacOS() ? "darwin-arm64"
        : System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "linux-arm64-gnu" : "linux-x64-gnu";

    public static async Task RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var app = await SalesApp.StartAsync(options, cancellationToken);
        var csv = Path.Combine(app.Folder, "sales.csv");
        SalesFile.Write(csv, 0, options.Rows, app.Folder);
        await app.UploadAsync(csv, cancellationToken);
        var ours = await app.RunAsync(cancellationToken);
        Tell("pipeline", ours, app.Figures, ours);
        var peers = Path.Combine(AppContext.BaseDirectory, "peers");
        var output = Directory.CreateDirectory(Path.Combine(app.Folder, "peers")).FullName;
        // Debian's pandas belongs to Debian's Python, which need not be the first on the path.
        string? python = null;
        foreach (var candidate in new[] { "python3", "/usr/bin/python3" })
        {
            python ??= await RunsAsync(candidate, ["-c", "import pandas"], output, cancellationToken) ? candidate : null;
        }

        if (python is not null)
        {
            await PeerAsync("pandas", python, [Path.Combine(peers, "pandas_sales.py"), csv, output], output, ours, cancellationToken);
        }
        else
        {
            Say($"pandas is not here: apt-get install -y python3-pandas");
        }

        if (await RunsAsync("npm", ["install", "--no-save", "--no-audit", "--no-fund", $"nodejs-polars@{PolarsVersion}", $"nodejs-polars-{Platform}@{PolarsVersion}"], output, cancellationToken))
        {
            File.Copy(Path.Combine(peers, "polars_sales.mjs"), Path.Combine(output, "polars_sales.mjs"));
            await PeerAsync("Polars", "node", [Path.Combine(output, "polars_sales.mjs"), csv, output], output, ours, cancellationToken);
        }
        else
        {
            Say($"Polars is not here: npm cannot install nodejs-polars@{PolarsVersion} with its platform package");
        }
    }

    private static async Task PeerAsync(string name, string program, string[] arguments, string folder, TimeSpan ours, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var process = Start(program, arguments, folder);
        var figures = new ProcessFigures(TimeSpan.Zero, 0, 0);
        while (!process.HasExited)
        {
            figures = ProcessFigures.TryOf(process.Id) ?? figures;
            await Task.WhenAny(process.WaitForExitAsync(cancellationToken), Task.Delay(100, cancellationToken));
        }

        if (process.ExitCode == 0)
        {
            Tell(name, watch.Elapsed, figures, ours);
        }
        else
        {
            Say($"{name} failed with {process.ExitCode}");
        }
    }

    private static void Tell(string name, TimeSpan wall, ProcessFigures figures, TimeSpan ours) =>
        Say($"  {name,-10} {wall.TotalSeconds,7:N1} s wall {figures.Cpu.TotalSeconds,7:N1} s CPU {figures.PeakBytes / 1e9,6:N2} GB peak {wall / ours,6:N2} x the pipeline");

    private static async Task<bool> RunsAsync(string program, string[] arguments, string folder, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Start(program, arguments, folder);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no such program.
            return false;
        }
    }

    private static Process Start(string program, string[] arguments, string folder) =>
        Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder }) ?? throw new InvalidOperationException($"{program} did not start.");
}
