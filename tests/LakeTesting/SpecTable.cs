using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.LakeTesting;

/// <summary>A live data file as the log has it.</summary>
/// <param name="Path">As in the log, URI-encoded.</param>
/// <param name="PartitionValues">By column; an empty text is null.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Stats">The text of the statistics, or null.</param>
public sealed record SpecFile(string Path, IReadOnlyDictionary<string, string?> PartitionValues, long Size, string? Stats)
{
    /// <summary>Below the table's folder: the log's path decoded.</summary>
    public string LakePath => Uri.UnescapeDataString(Path);
}

/// <summary>A column of the log's schema.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DuckDbType">The type that holds its values, as DuckDB writes types.</param>
/// <param name="Nullable">Whether it may be null.</param>
public sealed record SpecColumn(string Name, string DuckDbType, bool Nullable);

/// <summary>A table at a version, as <see cref="SpecReader"/> understands the specification.</summary>
public sealed record SpecTable
{
    public required string Folder { get; init; }

    public required long Version { get; init; }

    public required (int Reader, int Writer) Protocol { get; init; }

    public required IReadOnlyList<string> WriterFeatures { get; init; }

    public required string Id { get; init; }

    public required string SchemaString { get; init; }

    public required IReadOnlyList<SpecColumn> Columns { get; init; }

    public required IReadOnlyList<string> PartitionColumns { get; init; }

    public required IReadOnlyDictionary<string, string> Configuration { get; init; }

    /// <summary>In ordinal order of their paths.</summary>
    public required IReadOnlyList<SpecFile> Files { get; init; }

    public required IReadOnlyDictionary<string, long> Transactions { get; init; }

    public required IReadOnlyDictionary<string, string> Domains { get; init; }

    /// <summary>All rows, each as its values printed by DuckDB with '|' between them, in ordinal order.</summary>
    public IReadOnlyList<string> Rows(DuckDbSession session) => Query(session, "SELECT * FROM rows");

    /// <summary>A query over <c>rows</c>, its answer as text, in ordinal order.</summary>
    public IReadOnlyList<string> Query(DuckDbSession session, string select)
    {
        using var result = session.Query($"WITH rows AS ({RowsSql(session)}) SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({select})");
        return [.. result.Rows().Select(row => string.Join('|', row.Select(value => value ?? "NULL"))).Order(StringComparer.Ordinal)];
    }

    /// <summary>Everything a reader sees besides the files' names, to hold two readings beside each other.</summary>
    public IReadOnlyList<string> Describe(DuckDbSession session) =>
    [
        $"schema {SchemaString}",
        $"partitioned by {string.Join(", ", PartitionColumns)}",
        .. Configuration.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"property {entry.Key} = {entry.Value}"),
        .. Transactions.Where(entry => entry.Value >= 0).OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"txn {entry.Key} = {entry.Value}"),
        .. Domains.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"domain {entry.Key} = {entry.Value}"),
        .. Rows(session).Select(row => $"row {row}"),
    ];

    /// <summary>One Parquet scan of exactly the live files, beside a table of what the log says of each.</summary>
    private string RowsSql(DuckDbSession session)
    {
        if (Files.Count == 0)
        {
            return $"SELECT {string.Join(", ", Columns.Select(column => $"CAST(NULL AS {column.DuckDbType}) AS {Name(column.Name)}"))} WHERE false";
        }

        var paths = Files.Select(file => System.IO.Path.Combine(Folder, file.LakePath)).ToArray();
        var scan = $"read_parquet([{string.Join(", ", paths.Select(Text))}], union_by_name = true, hive_partitioning = false, filename = '#file')";
        var present = session.Describe($"SELECT * FROM {scan}").Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var values = Files.Zip(paths, (file, path) => $"({string.Join(", ", PartitionColumns.Select(column => PartitionValue(file, column)).Prepend(Text(path)))})");
        var names = string.Join(", ", PartitionColumns.Select((_, index) => $"\"#p{index}\"").Prepend("\"#path\""));
        var columns = Columns.Select(column => $"CAST({Source(column, present)} AS {column.DuckDbType}) AS {Name(column.Name)}");
        return $"SELECT {string.Join(", ", columns)} FROM {scan} JOIN (VALUES {string.Join(", ", values)}) AS log({names}) ON \"#file\" = \"#path\"";
    }

    private string Source(SpecColumn column, HashSet<string> present) => PartitionColumns.ToList().IndexOf(column.Name) switch
    {
        >= 0 and var index => $"\"#p{index}\"",
        _ => present.Contains(column.Name) ? Name(column.Name) : "NULL",
    };

    private static string PartitionValue(SpecFile file, string column) =>
        file.PartitionValues.GetValueOrDefault(column) is { Length: > 0 } value ? Text(value) : "CAST(NULL AS VARCHAR)";

    internal static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    internal static string Text(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
