using System.Diagnostics;
using System.Globalization;

namespace Pipeline.Local.Emulators;

/// <summary>A broker that speaks the Kafka protocol, as Event Hubs does, as a child process on two neighbouring loopback ports. It keeps everything in memory.</summary>
public sealed class Broker : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private readonly ChildProcess process;

    private Broker(ChildProcess process, int port)
    {
        this.process = process;
        Port = port;
        Control = new HttpClient { BaseAddress = ControlAddress(port) };
    }

    /// <summary>The port of the Kafka protocol; the control endpoint is on the next one.</summary>
    public int Port { get; }

    public string BootstrapServers => BootstrapServersFor(Port);

    /// <summary>What the app's setting for its event hubs is.</summary>
    public string ConnectionString => ConnectionStringFor(Port);

    /// <summary>The control endpoint: GET /, GET /lag, POST /topics, /down, /up, /delay, /errors.</summary>
    public HttpClient Control { get; }

    public int ProcessId => process.Id;

    /// <summary>Ends when the broker has ended, for whatever reason.</summary>
    public Task Exited => process.Exited;

    /// <summary>What the broker last printed, for an error message.</summary>
    public string LastOutput => process.LastOutput;

    public static string BootstrapServersFor(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    /// <summary>A connection string for the broker on that port. Partitions move to another host within a few seconds; real services take longer.</summary>
    public static string ConnectionStringFor(int port) => $"BootstrapServers={BootstrapServersFor(port)};SessionTimeoutMs=3000";

    /// <summary>Where a broker on that port is asked and steered.</summary>
    public static Uri ControlAddress(int port) => new($"http://127.0.0.1:{port + 1}/");

    /// <summary>Starts the broker and waits until it answers.</summary>
    /// <param name="topics">The topics that exist from the beginning, with 32 partitions each.</param>
    /// <param name="port">The first of two ports; null takes free ones.</param>
    /// <param name="cancellationToken">Gives up waiting and stops the broker.</param>
    /// <exception cref="LaunchException">A port is taken, or the broker ended at once; the message says which.</exception>
    public static async Task<Broker> StartAsync(IEnumerable<string> topics, int? port, CancellationToken cancellationToken)
    {
        var first = port ?? FreePorts.Take(2);
        var process = ChildProcess.Start(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [BuildMetadata.Of("Broker"), "--port", Text(first), "--control-port", Text(first + 1), "--topics", string.Join(',', topics)],
            new Dictionary<string, string> { ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location }, workingFolder: null, logFile: null,
            "The command 'dotnet' was not found. Install the .NET SDK 10 (https://dot.net) and try again.");
        var broker = new Broker(process, first);
        try
        {
            await broker.WaitUntilReadyAsync(cancellationToken);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Control.Dispose();
        await process.DisposeAsync();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (await BrokerProbe.LookAsync(Port, cancellationToken) != Found.Ours)
        {
            if (process.HasExited)
            {
                await process.Exited;
                throw new LaunchException($"The broker ended with code {process.ExitCode} on ports {Port} and {Port + 1}: {LastOutput}");
            }

            if (waited.Elapsed > StartDeadline)
            {
                throw new LaunchException($"The broker did not answer on port {Port + 1} within {StartDeadline.TotalSeconds} s: {LastOutput}");
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
