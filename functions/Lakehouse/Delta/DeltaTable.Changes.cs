namespace Pipeline.Lakehouse.Delta;

public sealed partial class DeltaTable
{
    private const int CommitsPerReading = 256;

    /// <summary>What commits did to a table's rows. Those that only rearranged rows (<c>dataChange=false</c>) count for nothing.</summary>
    /// <param name="after">The version that the caller has seen.</param>
    /// <param name="upTo">The newest version that counts.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<DeltaChanges> ReadChangesAsync(long after, long upTo, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(after, upTo);
        var changes = new DeltaChanges();
        var added = new List<AddFile>();
        for (var first = after + 1; first <= upTo; first += CommitsPerReading)
        {
            long[] versions = [.. Enumerable.Range(0, (int)Math.Min(CommitsPerReading, upTo - first + 1)).Select(index => first + index)];
            foreach (var (version, content) in await log.ReadCommitsAsync(versions, cancellationToken))
            {
                if (content is null)
                {
                    return changes with { GoneAt = version };
                }

                foreach (var action in LogEntry.Read(content, log.Commit(version)))
                {
                    if (action.Add is { DataChange: true } file)
                    {
                        added.Add(TableState.ToAddFile(file));
                    }

                    changes = action switch
                    {
                        { Remove.DataChange: true } => changes with { RemovedRowsAt = changes.RemovedRowsAt ?? version },
                        { MetaData: not null } => changes with { MetadataAt = changes.MetadataAt ?? version },
                        _ => changes,
                    };
                }
            }
        }

        return changes with { Added = added };
    }

    /// <summary>Whether a data file is on the lake, also if no version names it any more.</summary>
    public async Task<bool> HoldsAsync(AddFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        return await lake.FindAsync(root.Append(PartitionPath.FromLog(file.Path)), cancellationToken) is not null;
    }
}

/// <summary>What became of a table's rows between two of its versions.</summary>
public sealed record DeltaChanges
{
    /// <summary>Files with new rows, as they were added; a later commit may have packed them into others.</summary>
    public IReadOnlyList<AddFile> Added { get; init; } = [];

    /// <summary>The first version that removed rows; null where none did.</summary>
    public long? RemovedRowsAt { get; init; }

    /// <summary>The first version that changed schema, properties or description; null where none did.</summary>
    public long? MetadataAt { get; init; }

    /// <summary>The first version whose log entry is gone, so that what it did cannot be told; null where all are there.</summary>
    public long? GoneAt { get; init; }

    /// <summary>Whether the table certainly holds what it held.</summary>
    public bool IsEmpty => Added.Count == 0 && RemovedRowsAt is null && MetadataAt is null && GoneAt is null;
}
