using System.CommandLine;
using System.Globalization;
using Pipeline.Local.Commands;
using Pipeline.Local.Emulators;
using Pipeline.Testing;

namespace Pipeline.Local.Tests;

/// <summary>Runs commands in this process, against the fixture's Azurite and an app that the command starts and stops, or against what runs.</summary>
internal sealed class Shell(AzuriteFixture azurite) : IDisposable
{
    public string StateFolder { get; } = Places.NewFolder();

    /// <summary>The folder that commands are told; by default the shell's own.</summary>
    public string? OtherStateFolder { get; init; }

    /// <summary>The app that a command starts.</summary>
    public string AppFile { get; init; } = Places.FakeApp;

    public int AppPort { get; set; } = FreePorts.Take();

    public int StoragePort { get; set; } = BlobPort(azurite.ConnectionString);

    public int BrokerPort { get; set; } = FreePorts.Take(2);

    public int PostgresPort { get; set; } = FreePorts.Take();

    public void Dispose() => Directory.Delete(StateFolder, recursive: true);

    public async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        string[] all =
        [
            .. arguments, "--port", Text(AppPort), "--storage-port", Text(StoragePort), "--broker-port", Text(BrokerPort), "--postgres-port", Text(PostgresPort), "--state", OtherStateFolder ?? StateFolder,
        ];
        var exitCode = await CommandLine.Create(AppFile).Parse(all).InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return (exitCode, output.ToString(), error.ToString());
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int BlobPort(string connectionString) =>
        new Uri(connectionString.Split(';').First(part => part.StartsWith("BlobEndpoint=", StringComparison.Ordinal))["BlobEndpoint=".Length..]).Port;
}
