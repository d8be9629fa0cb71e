using System.Diagnostics;
using System.Globalization;

/// <summary>
/// Runs in the app before its Main (environment variable DOTNET_STARTUP_HOOKS): ends the app when its standard input closes, that is when
/// its parent asks for it or has ended, however it ended. So the app itself knows nothing of the launcher.
/// </summary>
/// <remarks>The runtime prescribes this name, outside any namespace, and the method's signature.</remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1050:Declare types in namespaces", Justification = "The runtime looks for it there.")]
public static class StartupHook
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(10);

    public static void Initialize() => new Thread(EndWithParent) { IsBackground = true, Name = "End with parent" }.Start();

    private static void EndWithParent()
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[64];
        while (input.Read(buffer, 0, buffer.Length) > 0)
        {
            // Nobody writes here; only the end matters.
        }

        using var self = Process.GetCurrentProcess();
        if (OperatingSystem.IsWindows())
        {
            Environment.Exit(0);
        }

        // SIGTERM lets the host stop in an orderly way.
        using var kill = Process.Start("kill", ["-TERM", self.Id.ToString(CultureInfo.InvariantCulture)]);
        Thread.Sleep(StopDeadline);
        self.Kill();
    }
}
