using System.Diagnostics;
using System.Globalization;

namespace Pipeline.Faults.Lakes;

/// <summary>This programme as another process, with one of its hidden commands. What it prints is kept line by line.</summary>
public sealed class WorkerProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly List<string> lines = [];
    private readonly List<Awaited> awaited = [];

    private WorkerProcess(Process process)
    {
        this.process = process;
        LastLine = Stopwatch.GetTimestamp();
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Exited = process.WaitForExitAsync();
    }

    /// <summary>What a worker prints when it begins its work.</summary>
    public const string ReadyLine = "ready";

    /// <summary>Ends when the process has ended and all that it printed is in <see cref="Lines"/>.</summary>
    public Task Exited { get; }

    /// <summary>When it last printed something.</summary>
    public long LastLine { get; private set; }

    public int ExitCode => process.ExitCode;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (lines)
            {
                return [.. lines];
            }
        }
    }

    /// <summary>Starts a hidden command of this programme.</summary>
    public static WorkerProcess Start(string command, IReadOnlyDictionary<string, string> environment, params IEnumerable<object> arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(typeof(WorkerProcess).Assembly.Location);
        start.ArgumentList.Add(command);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(Convert.ToString(argument, CultureInfo.InvariantCulture) ?? "");
        }

        // It ends with this process; and it lives too short to gain by compiling twice.
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new WorkerProcess(Process.Start(start) ?? throw new InvalidOperationException("The worker did not start."));
    }

    /// <summary>Waits until it has printed lines that begin with a word.</summary>
    /// <exception cref="TimeoutException">It did not, or has ended.</exception>
    public async Task SaidAsync(string word, int times, TimeSpan deadline)
    {
        var waiting = new Awaited(word, times);
        lock (lines)
        {
            awaited.Add(waiting);
            waiting.Look(lines);
        }

        await Task.WhenAny(waiting.Done, Exited).WaitAsync(deadline);
        if (!waiting.Done.IsCompleted)
        {
            throw new TimeoutException($"The worker ended before it had said '{word}' {times} times: {string.Join('\n', Lines.TakeLast(10))}");
        }
    }

    /// <summary>Ends it at once, as a power cut does.</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await Exited;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        LastLine = Stopwatch.GetTimestamp();
        lock (lines)
        {
            lines.Add(line);
            awaited.ForEach(waiting => waiting.Look(lines));
        }
    }

    private sealed class Awaited(string word, int times)
    {
        private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => done.Task;

        public void Look(List<string> lines)
        {
            if (!done.Task.IsCompleted && lines.Count(line => line.StartsWith(word, StringComparison.Ordinal)) >= times)
            {
                done.TrySetResult();
            }
        }
    }
}
