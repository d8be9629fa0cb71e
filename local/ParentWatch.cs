using System.Diagnostics;
using System.Globalization;

namespace Pipeline.Local;

/// <summary>`dotnet run` stands between the user and this process: it passes signals on, but cannot when it is killed.</summary>
internal static class ParentWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Calls back once the `dotnet` that started this process is gone. On Linux only; another parent may go as it likes.</summary>
    public static async Task WatchAsync(Action gone, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || ParentId() is not { } parent || !IsDotnet(parent))
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval);
        while (ParentId() == parent)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        gone();
    }

    /// <summary>The fourth field of /proc/self/stat; the second, in parentheses, may hold blanks.</summary>
    private static int? ParentId()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return int.TryParse(fields[1], CultureInfo.InvariantCulture, out var parent) ? parent : null;
    }

    private static bool IsDotnet(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.ProcessName == "dotnet";
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
