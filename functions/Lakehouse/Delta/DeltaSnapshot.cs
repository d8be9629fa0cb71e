namespace Pipeline.Lakehouse.Delta;

/// <summary>A table at one version.</summary>
public sealed record DeltaSnapshot
{
    /// <summary>0 is the commit that created the table.</summary>
    public required long Version { get; init; }

    /// <summary>Stays when the table changes; a table created anew has another.</summary>
    public required string TableId { get; init; }

    /// <summary>All columns, partition columns among them.</summary>
    public required DeltaSchema Schema { get; init; }

    /// <summary>Columns whose values are in the log, not in the files.</summary>
    public required IReadOnlyList<string> PartitionColumns { get; init; }

    /// <summary>Table properties (<c>delta.appendOnly</c> …).</summary>
    public required IReadOnlyDictionary<string, string> Configuration { get; init; }

    /// <summary>Live data files by time of writing, then path.</summary>
    public required IReadOnlyList<AddFile> Files { get; init; }

    /// <summary>The newest version of each application id.</summary>
    public required IReadOnlyDictionary<string, long> Transactions { get; init; }

    /// <summary>The configuration (JSON text) of each metadata domain.</summary>
    public required IReadOnlyDictionary<string, string> Domains { get; init; }

    /// <summary>When the version was committed, by its writer's clock.</summary>
    public required DateTimeOffset CommittedUtc { get; init; }

    /// <summary>What the version's commit did; null where its writer did not say.</summary>
    public HistoryEntry? LastCommit { get; init; }

    /// <summary>What the table is, for people.</summary>
    public string? Description { get; init; }

    /// <summary>Rows by the files' statistics; files without count as none.</summary>
    public long Rows => Files.Sum(file => file.Statistics?.Rows ?? 0);

    /// <summary>Size of the live data files.</summary>
    public long Bytes => Files.Sum(file => file.SizeBytes);

    /// <summary>Stands for a table that is not there yet.</summary>
    internal static DeltaSnapshot Empty(DeltaSchema schema, IReadOnlyList<string> partitionColumns) => new()
    {
        Version = -1,
        TableId = "",
        Schema = schema,
        PartitionColumns = partitionColumns,
        Configuration = new Dictionary<string, string>(),
        Files = [],
        Transactions = new Dictionary<string, long>(),
        Domains = new Dictionary<string, string>(),
        CommittedUtc = DateTimeOffset.UnixEpoch,
    };
}

/// <summary>One commit of a table's past.</summary>
/// <param name="Version">Its version.</param>
/// <param name="TimestampUtc">When, by its writer's clock; null where the writer did not say.</param>
/// <param name="Operation">What the writer called it.</param>
/// <param name="Metrics">Its figures; of our own commits always numFiles, numRemovedFiles, numOutputRows and numOutputBytes.</param>
public sealed record HistoryEntry(long Version, DateTimeOffset? TimestampUtc, string Operation, IReadOnlyDictionary<string, string> Metrics);
