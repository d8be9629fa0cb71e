using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Maintenance;

/// <summary>How an operation on a table ended.</summary>
public enum MaintenanceStatus
{
    /// <summary>There was nothing to do.</summary>
    Nothing,

    /// <summary>It is done; of a dry run: it would be done.</summary>
    Done,

    /// <summary>Another writer was first, or the storage did not answer: it is left to the next maintenance.</summary>
    Postponed,

    /// <summary>It cannot be done; the reason says why.</summary>
    Failed,
}

/// <summary>What one operation did to a table.</summary>
public sealed record OperationReport
{
    /// <summary>What it was.</summary>
    public required MaintenanceOperation Operation { get; init; }

    /// <summary>How it ended.</summary>
    public required MaintenanceStatus Status { get; init; }

    /// <summary>Files: packed (optimize), removed from the table (retention), deleted (vacuum, log clean-up).</summary>
    public long Files { get; init; }

    /// <summary>The size of those files.</summary>
    public long Bytes { get; init; }

    /// <summary>How many files the packed ones became.</summary>
    public int? Into { get; init; }

    /// <summary>Rows that went (retention); null where a file's writer did not say how many it holds.</summary>
    public long? Rows { get; init; }

    /// <summary>The version that it made; the version of a checkpoint.</summary>
    public long? Version { get; init; }

    /// <summary>The first of the partitions that went, such as <c>year=2023/month=4</c>.</summary>
    public IReadOnlyList<string> Partitions { get; init; } = [];

    /// <summary>Why it was postponed or failed.</summary>
    public string? Reason { get; init; }
}

/// <summary>What a maintenance did to a table.</summary>
public sealed record TableReport
{
    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table.</summary>
    public required TableKey Table { get; init; }

    /// <summary>The worst that an operation came to.</summary>
    public MaintenanceStatus Status => Operations.Select(o => o.Status).DefaultIfEmpty().Max();

    /// <summary>What was done, in order.</summary>
    public required IReadOnlyList<OperationReport> Operations { get; init; }

    /// <summary>How long it took.</summary>
    public required double Seconds { get; init; }
}

/// <summary>Figures of a table's maintenance, or of a whole one.</summary>
public sealed record MaintenanceFigures
{
    /// <summary>Tables looked at.</summary>
    public int Tables { get; init; }

    /// <summary>Tables of which an operation failed.</summary>
    public int Failed { get; init; }

    /// <summary>Tables of which an operation was postponed, and none failed.</summary>
    public int Postponed { get; init; }

    /// <summary>Small files that were packed.</summary>
    public long FilesPacked { get; init; }

    /// <summary>Files that they became.</summary>
    public long FilesMade { get; init; }

    /// <summary>Rows that a retention removed; their files are deleted by a vacuum 7 days later.</summary>
    public long RowsRemoved { get; init; }

    /// <summary>Log entries and checkpoints deleted.</summary>
    public long LogFilesDeleted { get; init; }

    /// <summary>Data files deleted.</summary>
    public long FilesDeleted { get; init; }

    /// <summary>Bytes on the lake that are free again.</summary>
    public long BytesFreed { get; init; }

    /// <summary>The figures of one table.</summary>
    public static MaintenanceFigures Of(TableReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var done = report.Operations.Where(o => o.Status == MaintenanceStatus.Done).ToLookup(o => o.Operation);
        var optimized = done[MaintenanceOperation.Optimize].ToList();
        var deleted = done[MaintenanceOperation.Vacuum].ToList();
        var log = done[MaintenanceOperation.LogCleanup].ToList();
        return new MaintenanceFigures
        {
            Tables = 1,
            Failed = report.Status == MaintenanceStatus.Failed ? 1 : 0,
            Postponed = report.Status == MaintenanceStatus.Postponed ? 1 : 0,
            FilesPacked = optimized.Sum(o => o.Files),
            FilesMade = optimized.Sum(o => o.Into ?? 0),
            RowsRemoved = done[MaintenanceOperation.Retention].Sum(o => o.Rows ?? 0),
            FilesDeleted = deleted.Sum(o => o.Files),
            LogFilesDeleted = log.Sum(o => o.Files),
            BytesFreed = log.Concat(deleted).Sum(o => o.Bytes),
        };
    }

    /// <summary>Two figures together.</summary>
    public static MaintenanceFigures Add(MaintenanceFigures left, MaintenanceFigures right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new MaintenanceFigures
        {
            Tables = left.Tables + right.Tables,
            Failed = left.Failed + right.Failed,
            Postponed = left.Postponed + right.Postponed,
            FilesPacked = left.FilesPacked + right.FilesPacked,
            FilesMade = left.FilesMade + right.FilesMade,
            RowsRemoved = left.RowsRemoved + right.RowsRemoved,
            LogFilesDeleted = left.LogFilesDeleted + right.LogFilesDeleted,
            FilesDeleted = left.FilesDeleted + right.FilesDeleted,
            BytesFreed = left.BytesFreed + right.BytesFreed,
        };
    }
}

/// <summary>A maintenance as it is remembered and shown.</summary>
public sealed record MaintenanceRecord
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Running, succeeded, or failed: an operation on a table failed. What was postponed is no failure.</summary>
    public required Runs.RunStatus Status { get; init; }

    /// <summary>Whether it only tells what would be done.</summary>
    public required bool DryRun { get; init; }

    /// <summary>Of this pipeline only.</summary>
    public string? Pipeline { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset StartedUtc { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedUtc { get; init; }

    /// <summary>From its request to its end, or to now.</summary>
    public double Seconds { get; init; }

    /// <summary>Why it failed as a whole.</summary>
    public string? Error { get; init; }

    /// <summary>How many tables it looks after; null where that is not known yet.</summary>
    public int? PlannedTables { get; init; }

    /// <summary>What was done to all tables so far.</summary>
    public MaintenanceFigures Figures { get; init; } = new();

    /// <summary>What was done table by table; empty in a list.</summary>
    public IReadOnlyList<TableReport> Tables { get; init; } = [];
}
