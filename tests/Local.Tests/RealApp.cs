using Pipeline.Local.Tests;
using Pipeline.Testing;

[assembly: AssemblyFixture(typeof(RealApp))]

namespace Pipeline.Local.Tests;

/// <summary>`up` with the real app, once it serves; commands of other processes and of this one use what it started.</summary>
public sealed class RealApp : IAsyncLifetime
{
    private LauncherProcess? launcher;

    internal string Folder { get; } = Places.NewFolder();

    internal LauncherProcess Launcher => launcher ?? throw new InvalidOperationException("The launcher is not running.");

    public async ValueTask InitializeAsync() => launcher = await LauncherProcess.ServeAsync(Folder, Places.RealApp);

    public async ValueTask DisposeAsync()
    {
        if (launcher is not null)
        {
            launcher.Signal("-TERM");
            await launcher.EndAsync();
            launcher.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A shell whose commands find the app and the emulator running.</summary>
    /// <param name="azurite">The storage of shells that start an app of their own.</param>
    /// <param name="sameState">Whether they use the state's folder too.</param>
    internal Shell NewShell(AzuriteFixture azurite, bool sameState = false) => new(azurite)
    {
        AppPort = Launcher.AppPort, StoragePort = Launcher.StoragePort, BrokerPort = Launcher.BrokerPort, PostgresPort = Launcher.PostgresPort, AppFile = Places.RealApp, OtherStateFolder = sameState ? Folder : null,
    };
}
