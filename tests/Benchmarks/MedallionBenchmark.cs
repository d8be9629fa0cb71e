using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Azure.Storage.Blobs;
using Pipeline.Lakehouse.Storage;
using Pipeline.Local.Emulators;

namespace Pipeline.Benchmarks;

/// <summary>Sales rows through the whole path, from POST to completed, beside the bound measured in the same run.</summary>
internal static class MedallionBenchmark
{
    private const int Port = 7190;

    public static async Task RunAsync(long rows, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        try
        {
            var csv = Path.Combine(folder, "sales.csv");
            SalesFile.Write(csv, rows, folder);
            Say($"{rows:N0} rows, {new FileInfo(csv).Length / 1e6:N0} MB of CSV, {Environment.ProcessorCount} cores");
            await using var azurite = await Azurite.StartAsync(Path.Combine(folder, "azurite"), blobPort: null, cancellationToken);
            var path = new LakePath("landing", "sales/sales.csv");
            await UploadAsync(azurite.ConnectionString, csv, path, cancellationToken);

            var (wall, app) = await RunPipelineAsync(azurite.ConnectionString, folder, cancellationToken);
            var bound = new Bound(Directory.CreateDirectory(Path.Combine(folder, "bound")).FullName);
            var transfer = await bound.RunSqlThenTransferAsync(csv, azurite.ConnectionString, path, cancellationToken);
            Say($"bound: {transfer.TotalSeconds:N1} s; pipeline: {wall.TotalSeconds:N1} s wall, {wall / transfer:N2} x the bound; the app used {app.Cpu.TotalSeconds:N1} s of CPU and {app.PeakBytes / 1e9:N2} GB at its peak");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<TimeSpan> RunSqlThenTransferAsync(this Bound bound, string csv, string connectionString, LakePath path, CancellationToken cancellationToken)
    {
        var stages = bound.RunSql(csv);
        var transfer = await bound.TransferAsync(connectionString, path, cancellationToken);
        foreach (var (stage, wall) in stages.Append(("transfers", transfer)))
        {
            Say($"  bound  {stage,-12} {wall.TotalSeconds,6:N1} s");
        }

        return stages.Aggregate(transfer, (sum, s) => sum + s.Wall);
    }

    internal static async Task UploadAsync(string connectionString, string csv, LakePath path, CancellationToken cancellationToken)
    {
        var lake = new BlobLake(new BlobServiceClient(connectionString, BlobLake.Options()));
        await lake.CreateContainerAsync("landing", cancellationToken);
        await lake.CreateContainerAsync("pipelines", cancellationToken);
        await lake.UploadAsync(csv, path, overwrite: true, cancellationToken);
        var definitions = Path.Combine(AppContext.BaseDirectory, "pipelines");
        foreach (var file in Directory.GetFiles(definitions, "*", SearchOption.AllDirectories))
        {
            await lake.UploadAsync(file, new LakePath("pipelines", Path.GetRelativePath(definitions, file)), overwrite: true, cancellationToken);
        }
    }

    internal static async Task<(TimeSpan Wall, ProcessFigures App)> RunPipelineAsync(
        string connectionString, string folder, CancellationToken cancellationToken, params IEnumerable<(string Name, string Value)> settings)
    {
        var dll = Path.GetFullPath((string)(AppContext.GetData("Pipeline.App") ?? ""), AppContext.BaseDirectory);
        var environment = new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = connectionString,
            ["Lake__ConnectionString"] = connectionString,
            ["Scheduling__Timer"] = "0 * * * * *",
            ["Maintenance__Timer"] = "0 0 3 * * *",
            ["Engine__ScratchFolder"] = Path.Combine(folder, "scratch"),
            ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        await using var app = ChildProcess.Start("dotnet", [dll, "--port", Port.ToString(CultureInfo.InvariantCulture)], environment, Path.GetDirectoryName(dll), Path.Combine(Path.GetTempPath(), "pipeline-bench-app.log"), "dotnet was not found");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}/api/") };
        await WaitUntilHealthyAsync(http, app, cancellationToken);
        var watch = Stopwatch.StartNew();
        using var accepted = await http.PostAsync(new Uri("pipelines/sales/runs", UriKind.Relative), null, cancellationToken);
        var id = (await accepted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString();
        while (true)
        {
            var run = await http.GetFromJsonAsync<JsonElement>(new Uri($"runs/{id}", UriKind.Relative), cancellationToken);
            if (run.GetProperty("status").GetString() != "running")
            {
                var wall = watch.Elapsed;
                foreach (var step in run.GetProperty("steps").EnumerateArray())
                {
                    Say($"  run    {step.GetProperty("name").GetString(),-28} {step.GetProperty("seconds").GetDouble(),6:N1} s {step.GetProperty("rowsIn").GetInt64(),12:N0} in {step.GetProperty("rowsOut").GetInt64(),12:N0} out {step.GetProperty("rowsRejected").GetInt64(),10:N0} rejected");
                }

                return run.GetProperty("status").GetString() == "succeeded" ? (wall, ProcessFigures.Of(app.Id)) : throw new InvalidOperationException($"The run did not succeed: {run}");
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    private static async Task WaitUntilHealthyAsync(HttpClient http, ChildProcess app, CancellationToken cancellationToken)
    {
        while (!app.HasExited)
        {
            try
            {
                using var health = await http.GetAsync(new Uri("health", UriKind.Relative), cancellationToken);
                health.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100, cancellationToken);
            }
        }

        throw new InvalidOperationException($"The app ended: {app.LastOutput}");
    }

    internal static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
