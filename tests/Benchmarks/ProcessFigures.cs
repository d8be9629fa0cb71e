using System.Globalization;

namespace Pipeline.Benchmarks;

/// <summary>What the kernel says of a process (Linux).</summary>
internal sealed record ProcessFigures(TimeSpan Cpu, long PeakBytes, long ResidentBytes)
{
    private const double TicksPerSecond = 100;

    /// <summary>The figures, or null where the process has ended.</summary>
    public static ProcessFigures? TryOf(int processId)
    {
        try
        {
            return Of(processId);
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            return null;
        }
    }

    public static ProcessFigures Of(int processId)
    {
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        var status = File.ReadAllLines($"/proc/{processId}/status");
        return new ProcessFigures(TimeSpan.FromSeconds(ticks / TicksPerSecond), Bytes("VmHWM:"), Bytes("VmRSS:"));

        long Bytes(string name) => long.Parse(
            status.First(l => l.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
