using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Pipeline.Local.Emulators;
using Pipeline.Testing;

namespace Pipeline.Local.Tests;

/// <summary>What is started ends, however it ends; what is in the way is named.</summary>
public sealed class LaunchedTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);
    private readonly string folder = Places.NewFolder();

    public void Dispose()
    {
        shell.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Up_Terminated_EndsWithZeroAndLeavesNothingRunning()
    {
        using var launcher = await LauncherProcess.ServeAsync(folder);

        launcher.Signal("-TERM");

        Assert.Equal(0, await launcher.EndAsync());
        Assert.True(await launcher.NothingListensAsync());
        Assert.False(File.Exists(Path.Combine(folder, "running.json")));
        Assert.Contains("1,265,793.0395", launcher.Output, StringComparison.Ordinal);
        Assert.Contains("USA", launcher.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_Killed_ChildrenEndToo()
    {
        using var launcher = await LauncherProcess.ServeAsync(folder);
        var children = launcher.Running().Children;

        launcher.Kill();

        await Places.UntilAsync("children end", () => Task.FromResult(children.All(child => !child.IsAlive)));
        Assert.Equal(3, children.Count);
        Assert.True(await launcher.NothingListensAsync());
    }

    [Theory]
    [InlineData(0, "Azurite, the storage emulator, ended unexpectedly.")]
    [InlineData(1, "The event broker ended unexpectedly.")]
    [InlineData(2, "The app ended with code")]
    public async Task Up_ChildDies_SaysSoAndStopsTheOthers(int child, string expected)
    {
        using var launcher = await LauncherProcess.ServeAsync(folder);

        LauncherProcess.Signal("-KILL", launcher.Running().Children[child].Id);

        Assert.Equal(1, await launcher.EndAsync());
        Assert.Contains(expected, launcher.Output, StringComparison.Ordinal);
        Assert.True(await launcher.NothingListensAsync());
    }

    [Fact]
    public async Task Up_AppDoesNotStart_TellsItsLastWordsAndLeavesNothingRunning()
    {
        using var launcher = LauncherProcess.Start("up", folder, start => start.Environment["FAKE_APP"] = "crash");

        Assert.Equal(1, await launcher.EndAsync());
        Assert.Contains("The app ended with code 7.", launcher.Output, StringComparison.Ordinal);
        Assert.Contains("The fake app has no wish to run.", launcher.Output, StringComparison.Ordinal);
        Assert.True(await launcher.NothingListensAsync());
    }

    [Fact]
    public async Task Up_NoNode_SaysWhatToInstall()
    {
        var dotnet = Path.GetDirectoryName(Process.GetCurrentProcess().MainModule?.FileName) ?? "";
        using var launcher = LauncherProcess.Start("up", folder, start =>
        {
            start.FileName = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? FromPath(start.FileName) ?? Path.Combine(dotnet, "dotnet");
            start.Environment["PATH"] = folder;
        });

        Assert.Equal(1, await launcher.EndAsync());
        Assert.Contains("Install Node.js 20 or later", launcher.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_WhileAnotherServes_UsesItAndLeavesItRunning()
    {
        using var launcher = await LauncherProcess.ServeAsync(folder);
        using var other = new Shell(azurite) { AppPort = launcher.AppPort, StoragePort = launcher.StoragePort, BrokerPort = launcher.BrokerPort };

        var (exitCode, output, _) = await other.RunAsync("up", "--once");

        Assert.Equal(0, exitCode);
        Assert.Contains($"Using the app that runs on port {launcher.AppPort}.", output, StringComparison.Ordinal);
        Assert.False(await launcher.NothingListensAsync());
    }

    [Fact]
    public async Task Reset_WhileServing_StopsItAndDeletesTheState()
    {
        using var launcher = await LauncherProcess.ServeAsync(folder, Places.RealApp);
        using var reset = LauncherProcess.Start("reset", folder);

        Assert.Equal(0, await reset.EndAsync());
        Assert.Equal(0, await launcher.EndAsync());
        Assert.True(await launcher.NothingListensAsync());
        Assert.False(Directory.Exists(Path.Combine(folder, "azurite")));
    }

    [Fact]
    public async Task Reset_WhilePostgresServes_StopsItAndDeletesItsData()
    {
        using var launcher = LauncherProcess.Start("postgres", folder);
        await Places.UntilAsync($"PostgreSQL serves; it printed: {launcher.Output}", () => Task.FromResult(launcher.Output.Contains("Serving", StringComparison.Ordinal)));
        using var beside = new Shell(azurite) { PostgresPort = launcher.PostgresPort, OtherStateFolder = folder };
        using var stranger = new Shell(azurite) { PostgresPort = launcher.PostgresPort };

        Assert.Matches("sample's PostgreSQL .* running", (await beside.RunAsync("status")).Output);
        Assert.Matches("sample's PostgreSQL .* port taken by something else", (await stranger.RunAsync("status")).Output);
        Assert.Equal(0, (await beside.RunAsync("reset", "--yes")).ExitCode);

        Assert.Equal(1, await launcher.EndAsync());
        Assert.Contains("PostgreSQL ended unexpectedly.", launcher.Output, StringComparison.Ordinal);
        Assert.False(await StorageProbe.ListensAsync(launcher.PostgresPort, CancellationToken.None));
        Assert.False(Directory.Exists(Path.Combine(folder, "postgres")));
        Assert.Matches("sample's PostgreSQL .* not running", (await beside.RunAsync("status")).Output);
    }

    [Fact]
    public async Task Status_OnlyStorageRuns_TellsBoth()
    {
        var (exitCode, output, _) = await shell.RunAsync("status");

        Assert.Equal(0, exitCode);
        Assert.Matches("storage emulator .* running", output);
        Assert.Matches("app .* not running", output);
    }

    [Fact]
    public async Task Up_StoragePortTaken_NamesPortAndOption()
    {
        using var stranger = Stranger();
        shell.StoragePort = ((IPEndPoint)stranger.LocalEndpoint).Port - 1;

        var (exitCode, output, _) = await shell.RunAsync("up", "--once");

        Assert.Equal(1, exitCode);
        Assert.Contains($"Port {shell.StoragePort + 1}, needed for the storage emulator (Queues), is taken", output, StringComparison.Ordinal);
        Assert.Contains("--storage-port", output, StringComparison.Ordinal);
        Assert.False(await StorageProbe.ListensAsync(shell.StoragePort, CancellationToken.None));
    }

    [Fact]
    public async Task Up_BrokerPortTaken_NamesPortAndOptions()
    {
        using var stranger = Stranger();
        shell.BrokerPort = ((IPEndPoint)stranger.LocalEndpoint).Port;

        var (exitCode, output, _) = await shell.RunAsync("up", "--once");

        Assert.Equal(1, exitCode);
        Assert.Contains($"Port {shell.BrokerPort} or {shell.BrokerPort + 1}, needed for the event broker, is taken", output, StringComparison.Ordinal);
        Assert.Contains("--broker-port", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_BrokerElsewhere_DoesNotTellItsSecret()
    {
        var (exitCode, output, _) = await shell.RunAsync("status", "--broker", "Endpoint=sb://hubs.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey=c2VjcmV0");

        Assert.Equal(0, exitCode);
        Assert.Matches("event broker .* elsewhere .* not started here", output);
        Assert.DoesNotContain("c2VjcmV0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_AppPortTaken_NamesPortAndOption()
    {
        using var stranger = Stranger();
        shell.AppPort = ((IPEndPoint)stranger.LocalEndpoint).Port;

        var (exitCode, output, _) = await shell.RunAsync("up", "--once");

        Assert.Equal(1, exitCode);
        Assert.Contains($"Port {shell.AppPort}, needed for the app, is taken", output, StringComparison.Ordinal);
        Assert.Contains("--port", output, StringComparison.Ordinal);
    }

    /// <summary>Accepts connections and closes them without an answer.</summary>
    private static TcpListener Stranger()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                (await listener.AcceptTcpClientAsync()).Dispose();
            }
        });
        return listener;
    }

    private static string? FromPath(string program) =>
        Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator).Select(path => Path.Combine(path, program)).FirstOrDefault(File.Exists);
}
