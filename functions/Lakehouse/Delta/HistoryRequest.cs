namespace Pipeline.Lakehouse.Delta;

/// <summary>Changes to bring into a history table.</summary>
public sealed record HistoryRequest
{
    /// <summary>One SELECT in the session: the key, the sequence, and the columns whose history is kept - all the others. Columns that the table lacks are
    /// added to it; one that the select lacks keeps its values in states that are there, and is null in new ones.</summary>
    public required string Select { get; init; }

    /// <summary>What a row of the history is about; never null.</summary>
    public required IReadOnlyList<string> Key { get; init; }

    /// <summary>The column that orders the changes of a key, such as a time or a counter; never null. It becomes <c>valid_from</c>.</summary>
    public required string SequenceColumn { get; init; }

    /// <summary>A BOOLEAN column of the select, true where a key ends; its other columns do not count then. Null: no key ends.</summary>
    public string? DeleteColumn { get; init; }

    /// <inheritdoc cref="MergeRequest.Overwrite"/>
    public bool Overwrite { get; init; }

    /// <inheritdoc cref="MergeRequest.PartitionColumns"/>
    public IReadOnlyList<string> PartitionColumns { get; init; } = [];

    /// <inheritdoc cref="MergeRequest.Widen"/>
    public bool Widen { get; init; }

    /// <inheritdoc cref="MergeRequest.CommitUnchanged"/>
    public bool CommitUnchanged { get; init; }

    /// <inheritdoc cref="DeltaCommit.Transaction"/>
    public TransactionId? Transaction { get; init; }

    /// <inheritdoc cref="MergeRequest.Domain"/>
    public Func<MergeCounts, DomainState>? Domain { get; init; }

    /// <inheritdoc cref="DeltaCommit.Description"/>
    public string? Description { get; init; }

    /// <inheritdoc cref="DeltaCommit.Metrics"/>
    public IReadOnlyDictionary<string, string> Metrics { get; init; } = new Dictionary<string, string>();
}
