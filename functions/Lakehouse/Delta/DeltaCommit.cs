namespace Pipeline.Lakehouse.Delta;

/// <summary>What a commit does to the files that are there.</summary>
public enum CommitMode
{
    /// <summary>Nothing: files are added.</summary>
    Append,

    /// <summary>All are removed; schema and partition columns may change.</summary>
    Overwrite,

    /// <summary>Those named are removed.</summary>
    Replace,
}

/// <summary>One change of a table: all of it becomes visible, or none.</summary>
public sealed record DeltaCommit
{
    /// <summary>What the history shows, such as <c>WRITE</c> or <c>MERGE</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>What happens to the files that are there.</summary>
    public required CommitMode Mode { get; init; }

    /// <summary>The columns of the added files, partition columns included.</summary>
    public required DeltaSchema Schema { get; init; }

    /// <summary>Must be the table's own, except when the table is created or overwritten.</summary>
    public IReadOnlyList<string> PartitionColumns { get; init; } = [];

    /// <summary>Files that lie on the lake already.</summary>
    public IReadOnlyList<AddFile> Add { get; init; } = [];

    /// <summary>Paths of the files to remove, as in <see cref="AddFile.Path"/>; with <see cref="CommitMode.Replace"/> only.</summary>
    public IReadOnlyList<string> Remove { get; init; } = [];

    /// <summary>Makes the commit idempotent.</summary>
    public TransactionId? Transaction { get; init; }

    /// <summary>States kept with the data, each under a name of its own: a commit in between that changed one of them is a conflict.</summary>
    public IReadOnlyList<DomainState> Domains { get; init; } = [];

    /// <summary>Figures for the history.</summary>
    public IReadOnlyDictionary<string, string> Metrics { get; init; } = new Dictionary<string, string>();

    /// <summary>What the table is, for people; null leaves it.</summary>
    public string? Description { get; init; }

    /// <summary>The version that the caller's decisions rest on (-1: that there is no table); null: the version found when the commit
    /// begins.</summary>
    public long? ReadVersion { get; init; }

    /// <summary>False: the same rows in other files.</summary>
    public bool DataChange { get; init; } = true;

    /// <summary>True: columns may have wider types than the table's; every file of the table must be among those removed.</summary>
    internal bool WidensTypes { get; init; }

    /// <summary>True: every transaction and domain of the table becomes what it was, so a change of any of them in between is a conflict.</summary>
    internal bool RestoresState { get; init; }
}

/// <summary>A <c>txn</c> action: an application's own counter, kept in the table it writes.</summary>
public sealed record TransactionId(string AppId, long Version);

/// <summary>A <c>domainMetadata</c> action: a named document (JSON text) kept in the table.</summary>
public sealed record DomainState(string Name, string Configuration);

/// <summary>What a commit came to.</summary>
public sealed record CommitResult
{
    /// <summary>The version of the commit; of a repeat, that of the commit it repeats.</summary>
    public required long Version { get; init; }

    /// <summary>The transaction was there already; nothing was written.</summary>
    public required bool Repeated { get; init; }

    /// <summary>The table at that version.</summary>
    public required DeltaSnapshot Snapshot { get; init; }

    /// <summary>Why the checkpoint that was due could not be written, for the caller to log; null is well. The commit stands; the next checkpoint
    /// is ten commits away.</summary>
    public string? CheckpointFailure { get; init; }
}

/// <summary>The table holds a newer version of the transaction: a straggler of an older run came too late and must not write.</summary>
public sealed class StaleRunException(string message, Exception? innerException = null) : TerminalException(message, innerException);
