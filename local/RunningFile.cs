using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Pipeline.Local;

/// <summary>What a launcher started, noted beside the state, so that `status` and `reset` find it and a killed launcher's children are waited for.</summary>
internal sealed record RunningFile
{
    public required ProcessMark Launcher { get; init; }

    public required IReadOnlyList<ProcessMark> Children { get; init; }

    public required int AppPort { get; init; }

    public required int StoragePort { get; init; }

    public required int BrokerPort { get; init; }

    public static RunningFile? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunningFile>(File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this));
}

/// <summary>A process that cannot be mistaken for a later one with the same id.</summary>
internal sealed record ProcessMark(int Id, DateTime StartedUtc)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    public static ProcessMark? Of(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return new ProcessMark(id, process.StartTime.ToUniversalTime());
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

    public bool IsAlive => Of(Id) is { } now && (now.StartedUtc - StartedUtc).Duration() < Tolerance;
}
