using System.ComponentModel.DataAnnotations;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion;

/// <summary>What one instance may use.</summary>
public sealed record EngineOptions
{
    /// <summary>Memory of all sessions together, in bytes; 256 MiB or more. By default 1 GiB.</summary>
    [Range(256L << 20, long.MaxValue)]
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>How many activities run at a time: <c>maxConcurrentActivityFunctions</c> of host.json.</summary>
    [Range(1, 64)]
    public int MaxConcurrentActivities { get; init; } = 4;

    /// <summary>A folder on scratch disk for spilled data and the cache of data files.</summary>
    public string ScratchFolder { get; init; } = Path.Combine(Path.GetTempPath(), "pipeline");

    /// <summary>Bytes of scratch disk; half of them for the cache, half for what sessions spill. By default 8 GiB.</summary>
    [Range(64L << 20, long.MaxValue)]
    public long ScratchBytes { get; init; } = 8L << 30;
}

/// <summary>Opens DuckDB sessions that together stay within the instance's limits.</summary>
public sealed class Engine(EngineOptions options)
{
    /// <summary>The limits.</summary>
    public EngineOptions Options => options;

    /// <summary>A session for an activity.</summary>
    public DuckDbSession OpenSession() => DuckDbSession.Open(new DuckDbOptions
    {
        MemoryLimitBytes = options.MemoryBytes / options.MaxConcurrentActivities,
        TempDirectory = Path.Combine(options.ScratchFolder, "sessions"),
        TempLimitBytes = options.ScratchBytes / 2,
    });
}
