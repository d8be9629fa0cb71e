using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Pipeline.Local.Emulators;

namespace Pipeline.Faults;

/// <summary>The functions app as a process that can be killed and started again, at one address.</summary>
/// <param name="connectionString">Of the storage that it works on.</param>
/// <param name="folder">For its logs and scratch files.</param>
/// <param name="settings">Settings beside those of all cases.</param>
public sealed class App(string connectionString, string folder, IReadOnlyDictionary<string, string> settings) : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private static readonly string File = typeof(App).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "App").Value
        ?? throw new InvalidOperationException("The assembly was built without the app's path.");

    private readonly int port = FreePorts.Take();
    private ChildProcess? process;
    private int starts;

    /// <summary>How often it was started.</summary>
    public int Starts => starts;

    /// <summary>Where its API is.</summary>
    public Uri Api => new($"http://127.0.0.1:{port}/api/");

    /// <summary>Starts the app and waits until it is healthy.</summary>
    /// <returns>False if it ended before.</returns>
    /// <exception cref="TimeoutException">It did neither.</exception>
    public async Task<bool> StartAsync(HttpClient http, CancellationToken cancellationToken)
    {
        await StopAsync();
        Directory.CreateDirectory(folder);
        var environment = new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = connectionString,
            ["Lake__ConnectionString"] = connectionString,
            ["Scheduling__Timer"] = "0 * * * * *",
            ["Maintenance__Timer"] = "0 0 3 * * *",
            // Once a year: every write that is counted is to be the run's.
            ["Push__Timer"] = "0 0 0 1 1 *",
            ["Engine__ScratchFolder"] = Path.Combine(folder, "scratch"),
            // It lives for seconds only: measuring its own code in order to compile it better later on does not pay.
            ["DOTNET_TieredPGO"] = "0",
            ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        var log = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"app-{++starts}.log"));
        var started = ChildProcess.Start(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [File, "--port", port.ToString(CultureInfo.InvariantCulture)],
            environment, Path.GetDirectoryName(File), log, "The command 'dotnet' was not found.");
        process = started;
        var waited = Stopwatch.StartNew();
        while (!started.HasExited)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri(Api, "health"), cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return true;
                }
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            if (waited.Elapsed > StartDeadline)
            {
                throw new TimeoutException($"The app did not become healthy. {started.LastOutput}");
            }

            await Task.Delay(20, cancellationToken);
        }

        return false;
    }

    /// <summary>Ends the process at once, as a power cut does.</summary>
    public async Task KillAsync()
    {
        if (process is { } running)
        {
            try
            {
                using var victim = Process.GetProcessById(running.Id);
                victim.Kill();
            }
            catch (Exception error) when (error is ArgumentException or InvalidOperationException)
            {
                // It has ended already.
            }

            await running.Exited;
        }
    }

    /// <summary>Asks the process to end (SIGTERM), and waits until it has.</summary>
    public async Task StopAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
            process = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await StopAsync();
    }
}
