using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Maintenance;

/// <summary>How the tables of a pipeline are looked after.</summary>
public sealed record MaintenanceDefinition
{
    /// <summary>Small files are packed into files of about this size, in bytes.</summary>
    public long TargetSizeBytes { get; init; } = 256L << 20;

    /// <summary>Whether small files are packed.</summary>
    public bool Optimize { get; init; } = true;

    /// <summary>How long partitions are kept; tables without an entry keep all.</summary>
    public IReadOnlyList<RetentionDefinition> Retention { get; init; } = [];
}

/// <summary>How long the partitions of a table are kept.</summary>
public sealed record RetentionDefinition
{
    /// <summary>The table.</summary>
    public required TableKey Table { get; init; }

    /// <summary>A partition goes when all of its dates lie longer than this back; whole days.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }
}
