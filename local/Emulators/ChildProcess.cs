using System.ComponentModel;
using System.Diagnostics;

namespace Pipeline.Local.Emulators;

/// <summary>
/// A process that ends with this one. Its standard input is a pipe from here; the child stops when the pipe closes, be it because it is
/// asked to or because this process was killed (end-with-parent.cjs and StartupHook are the child's side).
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int LinesKept = 40;
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(15);
    private readonly Process process;
    private readonly Queue<string> lines = new();
    private readonly StreamWriter? log;

    private ChildProcess(Process process, StreamWriter? log)
    {
        this.process = process;
        this.log = log;
        Exited = process.WaitForExitAsync();
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public int Id => process.Id;

    /// <summary>Completed when the process has ended, for whatever reason, and all its output was read.</summary>
    public Task Exited { get; }

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>The last lines it printed, for an error message.</summary>
    public string LastOutput
    {
        get
        {
            lock (lines)
            {
                return string.Join(Environment.NewLine, lines);
            }
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">What is added to this process's environment.</param>
    /// <param name="workingFolder">Where it runs; null for the current folder.</param>
    /// <param name="logFile">Where its output is kept, replaced at every start; null keeps the last lines only.</param>
    /// <param name="missing">What to tell the user if there is no such program.</param>
    /// <exception cref="LaunchException">There is no such program.</exception>
    public static ChildProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, string? workingFolder, string? logFile, string missing)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = workingFolder ?? "",
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        StreamWriter? log = null;
        try
        {
            log = logFile is null ? null : new StreamWriter(logFile) { AutoFlush = true };
            return new ChildProcess(Process.Start(start) ?? throw new LaunchException(missing), log);
        }
        catch (Win32Exception error)
        {
            log?.Dispose();
            throw new LaunchException(missing, error);
        }
    }

    /// <summary>Ends the process at once, and everything it started.</summary>
    public void Kill() => process.Kill(entireProcessTree: true);

    /// <summary>Asks the process to stop and kills it, with everything it started, if it does not within 15 seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        await Task.WhenAny(Exited, Task.Delay(StopDeadline));
        if (!process.HasExited)
        {
            Kill();
        }

        await Exited;
        process.Dispose();
        lock (lines)
        {
            log?.Dispose();
        }
    }

    private void Keep(string? line)
    {
        lock (lines)
        {
            if (line is null)
            {
                return;
            }

            if (lines.Count == LinesKept)
            {
                lines.Dequeue();
            }

            lines.Enqueue(line);
            if (log?.BaseStream is { CanWrite: true })
            {
                log.WriteLine(line);
            }
        }
    }
}
