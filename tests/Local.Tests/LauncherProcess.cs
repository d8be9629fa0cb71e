using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.Local.Emulators;

namespace Pipeline.Local.Tests;

/// <summary>The launcher as a process of its own, with an Azurite of its own on free ports, and the fake app or the real one.</summary>
internal sealed class LauncherProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();

    private LauncherProcess(string command, string stateFolder, string app, Action<ProcessStartInfo>? change)
    {
        StateFolder = stateFolder;
        var configuration = Path.Combine(stateFolder, "test.runtimeconfig.json");
        var built = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(Places.Launcher, "runtimeconfig.json")))!;
        built["runtimeOptions"]!["configProperties"]!["Pipeline.App"] = app;
        File.WriteAllText(configuration, built.ToJsonString());
        var start = new ProcessStartInfo(Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            "exec", "--runtimeconfig", configuration, "--depsfile", Path.ChangeExtension(Places.Launcher, "deps.json"), Places.Launcher, command,
            "--port", Text(AppPort), "--storage-port", Text(StoragePort), "--broker-port", Text(BrokerPort), "--postgres-port", Text(PostgresPort), "--state", stateFolder,
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        change?.Invoke(start);
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string StateFolder { get; }

    public int AppPort { get; } = FreePorts.Take();

    public int StoragePort { get; } = FreePorts.Take(3);

    public int BrokerPort { get; } = FreePorts.Take(2);

    public int PostgresPort { get; } = FreePorts.Take();

    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    public static LauncherProcess Start(string command, string stateFolder, Action<ProcessStartInfo>? change = null) => new(command, stateFolder, Places.FakeApp, change);

    /// <summary>`up`, as soon as it serves.</summary>
    public static Task<LauncherProcess> ServeAsync(string stateFolder) => ServeAsync(stateFolder, Places.FakeApp);

    /// <inheritdoc cref="ServeAsync(string)"/>
    public static async Task<LauncherProcess> ServeAsync(string stateFolder, string app)
    {
        var launcher = new LauncherProcess("up", stateFolder, app, null);
        await Places.UntilAsync($"up serves; it printed: {launcher.Output}", () =>
        {
            Assert.False(launcher.process.HasExited, launcher.Output);
            return Task.FromResult(launcher.Output.Contains("Serving", StringComparison.Ordinal));
        });
        return launcher;
    }

    public RunningFile Running() => RunningFile.Read(Path.Combine(StateFolder, "running.json")) ?? throw new InvalidOperationException("There is no running.json.");

    public void Kill() => process.Kill();

    public async Task<int> EndAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode;
    }

    public static void Signal(string signal, int processId)
    {
        using var kill = Process.Start("kill", [signal, Text(processId)]);
        kill.WaitForExit();
    }

    public void Signal(string signal) => Signal(signal, process.Id);

    public async Task<bool> NothingListensAsync()
    {
        foreach (var port in new[] { AppPort, StoragePort, StoragePort + 1, StoragePort + 2, BrokerPort, BrokerPort + 1 })
        {
            if (await StorageProbe.ListensAsync(port, CancellationToken.None))
            {
                return false;
            }
        }

        return true;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        process.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Keep(string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }
}
