namespace Pipeline.Medallion.Silver;

/// <summary>How much one activity cleans; more is cut into parts and buckets. Sizes are those of data files, which are compressed.</summary>
internal sealed record CleanLimits
{
    // What a step reads lies on scratch disk, what it writes too, and its session may spill as much again.
    private const int InputsPerScratch = 4;

    // Rows take about five times the memory that they take in a file; files that are written side by side keep theirs until a row group is full.
    private const int PartsPerMemory = 8;

    // A bucket is written in one stream; only the keys that it counts stay in memory, or are spilled.
    private const int BucketsPerMemory = 4;

    /// <summary>The most that one activity reads, new rows and the files of silver that they meet.</summary>
    public required long SingleBytes { get; init; }

    /// <summary>About the size of a part.</summary>
    public required long PartBytes { get; init; }

    /// <summary>About the size of a bucket.</summary>
    public required long BucketBytes { get; init; }

    /// <summary>At most so many parts of bronze, and of silver; what is larger has larger parts. The orchestration carries their names.</summary>
    public int MaxParts { get; init; } = 100;

    /// <summary>At most so many buckets: as many files can be written side by side.</summary>
    public int MaxBuckets { get; init; } = 100;

    /// <summary>What follows from an instance's limits: each of its activities has a share.</summary>
    public static CleanLimits Of(EngineOptions options)
    {
        var (memory, scratch) = (options.MemoryBytes / options.MaxConcurrentActivities, options.ScratchBytes / options.MaxConcurrentActivities);
        var single = scratch / InputsPerScratch;
        return new CleanLimits { SingleBytes = single, PartBytes = Math.Min(single, memory / PartsPerMemory), BucketBytes = Math.Min(single, memory / BucketsPerMemory) };
    }
}
