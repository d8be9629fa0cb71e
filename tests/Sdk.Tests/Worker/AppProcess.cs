using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Pipeline.Sdk.Tests.Worker;

/// <summary>SampleApp as a process of its own, with a folder for host.json and local.settings.json.</summary>
internal sealed partial class AppProcess : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly Process process;
    private readonly string folder = Directory.CreateTempSubdirectory("functions-app-").FullName;
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();

    public AppProcess(int port, string? localSettings = null, Dictionary<string, string>? environment = null)
    {
        if (localSettings is not null)
        {
            File.WriteAllText(Path.Combine(folder, "local.settings.json"), localSettings);
        }

        var app = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../SampleApp", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/', '\\')), "Pipeline.SampleApp.dll"));
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [app, "--port", $"{port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["AzureWebJobsScriptRoot"] = folder, ["AzureWebJobs.TakeEvents.Disabled"] = "true" },
        };
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Add(error, line.Data);
        process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException($"The app has ended: {Output}{Error}"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => Text(output);

    public string Error => Text(error);

    public Task<Uri> ListeningAsync() => listening.Task.WaitAsync(Deadline, TestContext.Current.CancellationToken);

    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async Task<int> ExitCodeAsync(TimeSpan within)
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(within);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [GeneratedRegex("Listening on (http://[^ ]+/)\\.")]
    private static partial Regex Address();

    // Lines come on threads of their own, while tests look at what there is.
    private static void Add(StringBuilder text, string? line)
    {
        lock (text)
        {
            text.AppendLine(line);
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private void Read(string? line)
    {
        Add(output, line);
        if (line is not null && Address().Match(line) is { Success: true } match)
        {
            listening.TrySetResult(new Uri(match.Groups[1].Value));
        }
    }
}
