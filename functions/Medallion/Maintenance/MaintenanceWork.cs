using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Maintenance;

/// <summary>What can be done for a table, in the order in which it is done.</summary>
public enum MaintenanceOperation
{
    /// <summary>Removes partitions that are older than the definition keeps them.</summary>
    Retention,

    /// <summary>Packs small files.</summary>
    Optimize,

    /// <summary>Writes a checkpoint that a commit could not write.</summary>
    Checkpoint,

    /// <summary>Deletes log entries that no version of the log's retention needs: 30 days, unless the table has another.</summary>
    LogCleanup,

    /// <summary>Deletes files that no version of the last 7 days has.</summary>
    Vacuum,
}

/// <summary>What somebody asks for: one maintenance of tables.</summary>
public sealed record MaintenanceRequest
{
    /// <summary>Its id; also the orchestration's.</summary>
    public required string Id { get; init; }

    /// <summary>Of this pipeline only; null: of all.</summary>
    public string? Pipeline { get; init; }

    /// <summary>These tables of the pipeline only; empty means all.</summary>
    public IReadOnlyList<TableKey> Tables { get; init; } = [];

    /// <summary>These operations only; empty means all.</summary>
    public IReadOnlyList<MaintenanceOperation> Operations { get; init; } = [];

    /// <summary>Tell what would be done, and change nothing.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What an activity is given to do: the maintenance of one table. It lies in the maintenance's folder on the lake.</summary>
public sealed record TableWork
{
    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table.</summary>
    public required TableKey Table { get; init; }

    /// <summary>What is done, in order.</summary>
    public required IReadOnlyList<MaintenanceOperation> Operations { get; init; }

    /// <summary>Change nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>About how large a packed file becomes, in bytes.</summary>
    public required long TargetSizeBytes { get; init; }

    /// <summary>How long partitions are kept; null: for ever.</summary>
    public TimeSpan? Retention { get; init; }
}
