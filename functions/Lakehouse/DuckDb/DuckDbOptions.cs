namespace Pipeline.Lakehouse.DuckDb;

/// <summary>What one session may use of the machine.</summary>
public sealed record DuckDbOptions
{
    /// <summary>Bytes of memory for buffers and operators; beyond it they spill to <see cref="TempDirectory"/>.</summary>
    public long MemoryLimitBytes { get; init; } = 512L << 20;

    /// <summary>Threads that execute a query, the caller's included.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Folder in which the session makes a folder of its own.</summary>
    public required string TempDirectory { get; init; }

    /// <summary>Bytes that may spill; null: as much as the disk has.</summary>
    public long? TempLimitBytes { get; init; }
}
