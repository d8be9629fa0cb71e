namespace Pipeline.Lakehouse.Storage;

/// <summary>A lake file that is wanted on local disk.</summary>
/// <param name="Path">Where it is on the lake; its content never changes.</param>
/// <param name="SizeBytes">Its length, as the listing or the table's log tells it.</param>
/// <param name="LocalName">Its name below the cache's folder, '/'-separated, such as <c>&lt;tableId&gt;/year=2024/part-0.parquet</c>.</param>
public sealed record CacheRequest(LakePath Path, long SizeBytes, string LocalName)
{
    /// <summary>The only parts that are wanted, in order and apart from each other: the rest of the local file reads as zeros and takes no disk. Null: all of it.</summary>
    public IReadOnlyList<ByteRange>? Ranges { get; init; }

    /// <summary>What it takes of the disk, in bytes.</summary>
    public long DiskBytes => Ranges is null ? SizeBytes : Ranges.Sum(range => range.Length);
}
