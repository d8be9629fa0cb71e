namespace Pipeline.Lakehouse.Storage;

/// <summary>A lake file that is wanted on local disk.</summary>
/// <param name="Path">Where it is on the lake; its content never changes.</param>
/// <param name="SizeBytes">Its length, as the listing or the table's log tells it.</param>
/// <param name="LocalName">Its name below the cache's folder, '/'-separated, such as <c>&lt;tableId&gt;/year=2024/part-0.parquet</c>.</param>
public sealed record CacheRequest(LakePath Path, long SizeBytes, string LocalName);
