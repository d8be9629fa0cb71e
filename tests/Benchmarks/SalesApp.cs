using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Azure.Storage.Blobs;
using Pipeline.Lakehouse.Storage;
using Pipeline.Local.Emulators;

namespace Pipeline.Benchmarks;

/// <summary>The app over a storage emulator, in a folder that goes with it, with the pipelines of the benchmarks.</summary>
internal sealed class SalesApp : IAsyncDisposable
{
    private readonly Azurite azurite;
    private readonly ChildProcess app;
    private readonly HttpClient http;

    private SalesApp(string folder, Azurite azurite, ChildProcess app, Uri address)
    {
        (Folder, this.azurite, this.app) = (folder, azurite, app);
        http = new HttpClient { BaseAddress = address };
    }

    public string Folder { get; }

    public string ConnectionString => azurite.ConnectionString;

    public ProcessFigures Figures => ProcessFigures.Of(app.Id);

    private BlobLake Lake => new(new BlobServiceClient(azurite.ConnectionString, BlobLake.Options()));

    /// <summary>The API's address.</summary>
    public Uri Address => http.BaseAddress ?? throw new InvalidOperationException("It has no address.");

    /// <param name="options">The engine's limits.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <param name="broker">Where events come from; null: the functions for events are off.</param>
    /// <param name="connections">The settings of connections by their names; null: there are none.</param>
    public static async Task<SalesApp> StartAsync(BenchmarkOptions options, CancellationToken cancellationToken, Broker? broker = null, IReadOnlyDictionary<string, string>? connections = null)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        var azurite = await Azurite.StartAsync(Path.Combine(folder, "azurite"), blobPort: null, cancellationToken);
        var dll = Path.GetFullPath((string)(AppContext.GetData("Pipeline.App") ?? ""), AppContext.BaseDirectory);
        var environment = new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = azurite.ConnectionString,
            ["Lake__ConnectionString"] = azurite.ConnectionString,
            ["Scheduling__Timer"] = "0 * * * * *",
            ["Maintenance__Timer"] = "0 0 3 * * *",
            ["Push__Timer"] = "* * * * * *",
            ["Engine__ScratchFolder"] = Path.Combine(folder, "scratch"),
            ["Engine__MemoryBytes"] = options.MemoryBytes?.ToString(CultureInfo.InvariantCulture) ?? "",
            ["Engine__ScratchBytes"] = options.ScratchBytes?.ToString(CultureInfo.InvariantCulture) ?? "",
            ["EventHub"] = broker?.ConnectionString ?? "",
            ["EventHub__Name"] = "events",
            ["EventHub__LiveConsumerGroup"] = "live",
            ["AzureWebJobs.IngestEvents.Disabled"] = broker is null ? "true" : "false",
            ["AzureWebJobs.WatchEvents.Disabled"] = broker is null ? "true" : "false",
            ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
        };
        foreach (var (name, setting) in connections ?? new Dictionary<string, string>())
        {
            environment[$"Connections__{name}"] = setting;
        }

        var port = FreePorts.Take();
        string[] arguments = [dll, "--port", port.ToString(CultureInfo.InvariantCulture)];
        var process = ChildProcess.Start("dotnet", arguments, environment, Path.GetDirectoryName(dll), Path.Combine(folder, "app.log"), "dotnet was not found");
        var app = new SalesApp(folder, azurite, process, new Uri($"http://127.0.0.1:{port}/api/"));
        await app.WaitUntilHealthyAsync(cancellationToken);
        await app.DefineAsync(cancellationToken);
        while (broker is not null && !(await app.http.GetStringAsync(new Uri("streams", UriKind.Relative), cancellationToken)).Contains("\"stream\"", StringComparison.Ordinal))
        {
            // Definitions are looked at every ten seconds; until then provisional counts leave out events of sources they do not know.
            await Task.Delay(200, cancellationToken);
        }

        return app;
    }

    public async Task<LakePath> UploadAsync(string csv, CancellationToken cancellationToken)
    {
        var path = new LakePath("landing", $"sales/{Path.GetFileName(csv)}");
        await Lake.UploadAsync(csv, path, overwrite: true, cancellationToken);
        return path;
    }

    /// <summary>How long the last step of the last run took, from the beginning of its activity to its end.</summary>
    public TimeSpan LastStep { get; private set; }

    /// <summary>One run, from POST to completed; its steps are told.</summary>
    public async Task<TimeSpan> RunAsync(CancellationToken cancellationToken, string pipeline = "sales", bool fullRefresh = false, params string[] select)
    {
        var watch = Stopwatch.StartNew();
        using var accepted = await http.PostAsJsonAsync(new Uri($"pipelines/{pipeline}/runs", UriKind.Relative), new { select, fullRefresh }, cancellationToken);
        accepted.EnsureSuccessStatusCode();
        var id = (await accepted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString();
        while (true)
        {
            var run = await http.GetFromJsonAsync<JsonElement>(new Uri($"runs/{id}", UriKind.Relative), cancellationToken);
            if (run.GetProperty("status").GetString() != "running")
            {
                var wall = watch.Elapsed;
                foreach (var step in run.GetProperty("steps").EnumerateArray())
                {
                    LastStep = TimeSpan.FromSeconds(step.GetProperty("seconds").GetDouble());
                    Report.Say($"  run    {step.GetProperty("name").GetString(),-28} {step.GetProperty("seconds").GetDouble(),6:N1} s {step.GetProperty("rowsIn").GetInt64(),12:N0} in {step.GetProperty("rowsOut").GetInt64(),12:N0} out {step.GetProperty("rowsRejected").GetInt64(),10:N0} rejected");
                }

                return run.GetProperty("status").GetString() == "succeeded" ? wall : throw new InvalidOperationException($"The run did not succeed: {run}");
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>The first value of the first row of a query.</summary>
    public async Task<long> CountAsync(string pipeline, string sql, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync(new Uri("mart/sql", UriKind.Relative), new { pipeline, sql }, cancellationToken);
        return answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("rows")[0][0].GetInt64() : 0;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
        await azurite.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task DefineAsync(CancellationToken cancellationToken)
    {
        await Lake.CreateContainerAsync("landing", cancellationToken);
        await Lake.CreateContainerAsync("pipelines", cancellationToken);
        var definitions = Path.Combine(AppContext.BaseDirectory, "pipelines");
        foreach (var file in Directory.GetFiles(definitions, "*", SearchOption.AllDirectories))
        {
            await Lake.UploadAsync(file, new LakePath("pipelines", Path.GetRelativePath(definitions, file)), overwrite: true, cancellationToken);
        }
    }

    private async Task WaitUntilHealthyAsync(CancellationToken cancellationToken)
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
}
