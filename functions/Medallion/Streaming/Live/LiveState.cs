using Azure;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>What is kept of an aggregate beside its windows.</summary>
internal sealed record LiveHead
{
    /// <summary>The version of silver whose rows are all counted; null: none is yet.</summary>
    public string? Applied { get; init; }

    /// <summary>Windows that end at this time or before are closed; in milliseconds since 1970.</summary>
    public long ClosedThrough { get; init; } = long.MinValue;

    /// <summary>Its state as it was read.</summary>
    public ETag? ETag { get; init; }

    /// <summary>The partitions, by what <c>_file</c> says.</summary>
    public IReadOnlyDictionary<string, PartitionHead> Partitions { get; init; } = new Dictionary<string, PartitionHead>();

    /// <summary>The event time that all partitions have reached which had events lately; null where none has.</summary>
    /// <remarks>Of a partition whose hub was created anew the last incarnation counts: the others get no events any more.</remarks>
    public long? WatermarkAt(DateTimeOffset now, TimeSpan idle)
    {
        var current = Partitions.Select(p => (File: StreamPosition.OfFile(p.Key), p.Value)).GroupBy(p => p.File.Partition).Select(p => p.MaxBy(i => i.File.Incarnation).Value);
        var times = current.Where(p => now - p.SeenUtc <= idle).Select(p => p.LatestMs).ToList();
        return times.Count > 0 ? times.Min() : Partitions.Count > 0 ? Partitions.Values.Max(p => p.LatestMs) : null;
    }
}

/// <summary>How far a partition is counted.</summary>
internal sealed record PartitionHead
{
    /// <summary>The number of its last event that is counted.</summary>
    public required long Covered { get; init; }

    /// <summary>The latest time of its events, in milliseconds since 1970.</summary>
    public required long LatestMs { get; init; }

    /// <summary>Events that came when their window's time was over, and were counted.</summary>
    public long Late { get; init; }

    /// <summary>Events that came when their window was closed.</summary>
    public long Dropped { get; init; }

    /// <summary>When it was last counted on.</summary>
    public required DateTimeOffset SeenUtc { get; init; }

    /// <summary>Its state as it was read; null: it is new.</summary>
    public ETag? ETag { get; init; }
}

/// <summary>What a partition contributes to a group of a window.</summary>
internal sealed record LiveRow
{
    /// <summary>The partition, as <c>_file</c> names it.</summary>
    public required string Partition { get; init; }

    /// <summary>The group's values, as a JSON array.</summary>
    public required string Group { get; init; }

    /// <summary>The number of the partition's last event that is counted.</summary>
    public required long Covered { get; init; }

    /// <summary>One for each value of the aggregate.</summary>
    public required IReadOnlyList<Tally> Tallies { get; init; }

    /// <summary>Its state as it was read; null: it is new.</summary>
    public ETag? ETag { get; init; }
}
