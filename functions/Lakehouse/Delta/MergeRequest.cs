namespace Pipeline.Lakehouse.Delta;

/// <summary>Rows to bring into a table by key.</summary>
public sealed record MergeRequest
{
    /// <summary>One SELECT in the session: at most one row of a key. Columns that the table lacks are added to it; a column that the select lacks keeps its
    /// values in rows that are there, and is null in new ones.</summary>
    public required string Select { get; init; }

    /// <summary>The columns by which a row that comes and one that is there are the same. A row with a null among them matches none: it is always added.</summary>
    public required IReadOnlyList<string> Key { get; init; }

    /// <summary>A BOOLEAN column of the select, true for a row whose key is to be deleted; it is no column of the table. Null: nothing is deleted.</summary>
    public string? DeleteColumn { get; init; }

    /// <summary>True: rows of the table whose key does not come are deleted, and rows with a null in their key.</summary>
    public bool DeleteMissing { get; init; }

    /// <summary>True: what is in the table is dropped, whatever its schema; the rows that come begin it anew.</summary>
    public bool Overwrite { get; init; }

    /// <summary>True: a row with a null in its key is refused.</summary>
    public bool RequireKey { get; init; }

    /// <summary>True: a column whose type is wider than the table's widens it, which writes all files anew. False: it is refused.</summary>
    public bool Widen { get; init; }

    /// <summary>True: transaction and state are committed even if no row changes.</summary>
    public bool CommitUnchanged { get; init; }

    /// <summary>Of the table, if it is not there yet; otherwise the table's own count.</summary>
    public IReadOnlyList<string> PartitionColumns { get; init; } = [];

    /// <summary>What the history shows.</summary>
    public string Operation { get; init; } = "MERGE";

    /// <inheritdoc cref="DeltaCommit.Transaction"/>
    public TransactionId? Transaction { get; init; }

    /// <summary>State kept with the data, made when the rows are counted; null keeps none.</summary>
    public Func<MergeCounts, DomainState>? Domain { get; init; }

    /// <inheritdoc cref="DeltaCommit.Description"/>
    public string? Description { get; init; }

    /// <inheritdoc cref="DeltaCommit.Metrics"/>
    public IReadOnlyDictionary<string, string> Metrics { get; init; } = new Dictionary<string, string>();
}

/// <summary>What became of the rows.</summary>
/// <param name="Inserted">Rows added.</param>
/// <param name="Updated">Rows of the table that were replaced.</param>
/// <param name="Deleted">Rows of the table that were removed.</param>
/// <param name="Unchanged">Rows of the table whose key came and that are equal in all columns.</param>
/// <param name="FilesRewritten">Files of the table that were replaced or removed.</param>
public sealed record MergeCounts(long Inserted, long Updated, long Deleted, long Unchanged, int FilesRewritten);

/// <summary>What a merge came to.</summary>
/// <param name="Counts">What became of the rows; null where the transaction was in the table already.</param>
/// <param name="Commit">The commit; null where nothing changed and none was asked for.</param>
public sealed record MergeResult(MergeCounts? Counts, CommitResult? Commit);
