using System.Security.Cryptography;
using System.Text;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Makes tables readable in a DuckDB session: local copies of a snapshot's files, and a view over exactly those.</summary>
public sealed partial class TableReader(FileCache cache)
{
    /// <summary>The column with the number of a row's file.</summary>
    internal const string FileNumber = "__file";

    /// <summary>The column with a row's place in its file, from 0.</summary>
    internal const string RowNumber = "__row";

    // A name that no table's column has.
    private const string LocalFile = "__local_file";

    /// <summary>Creates a view with exactly the snapshot's columns; it can be read until the lease is disposed.</summary>
    /// <remarks>Partition columns have the log's values, and a filter on them leaves other partitions' files unread. A column that a file lacks is
    /// null there.</remarks>
    /// <param name="session">Gets the view, and the schema if it is not there; the view is replaced if it is.</param>
    /// <param name="schema">The view's schema in DuckDB.</param>
    /// <param name="name">The view's name.</param>
    /// <param name="snapshot">What to read.</param>
    /// <param name="root">The table's directory.</param>
    /// <param name="cancellationToken">Ends the downloads.</param>
    /// <param name="fileColumn">A further column of that name, with the local file that holds the row as <see cref="CacheLease.LocalFiles"/> has it;
    /// null: none.</param>
    /// <exception cref="TerminalException">A file is gone or lies elsewhere, or the files together exceed the cache.</exception>
    public Task<CacheLease> CreateViewAsync(
        DuckDbSession session, string schema, string name, DeltaSnapshot snapshot, LakePath root, CancellationToken cancellationToken, string? fileColumn = null)
    {
        var source = snapshot.Files.Count == 0 ? "NULL::VARCHAR" : LocalFile;
        var (option, column) = fileColumn is null ? ("", "") : ($", filename = '{LocalFile}'", $", {source} AS {Sql.Identifier(fileColumn)}");
        return CreateViewAsync(session, schema, name, snapshot, root, option, column, cancellationToken);
    }

    /// <summary>As above, with two columns more: the number given to the row's file, and the row's place in it. There must be a file.</summary>
    internal Task<CacheLease> CreateNumberedViewAsync(
        DuckDbSession session, string schema, string name, DeltaSnapshot snapshot, LakePath root, IReadOnlyList<int> numbers, CancellationToken cancellationToken)
    {
        var number = $"list_extract([{string.Join(", ", numbers)}], CAST(file_index AS BIGINT) + 1)";
        return CreateViewAsync(session, schema, name, snapshot, root, "", $", CAST({number} AS INTEGER) AS {FileNumber}, CAST(file_row_number AS BIGINT) AS {RowNumber}", cancellationToken);
    }

    private async Task<CacheLease> CreateViewAsync(
        DuckDbSession session, string schema, string name, DeltaSnapshot snapshot, LakePath root, string option, string moreColumns, CancellationToken cancellationToken)
    {
        var lease = await cache.AcquireAsync(Requests(snapshot, root), cancellationToken);
        try
        {
            CreateView(session, schema, name, Select(session, snapshot, lease.LocalFiles, option, moreColumns), cancellationToken);
            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    private static void CreateView(DuckDbSession session, string schema, string name, string select, CancellationToken cancellationToken) => session.Execute(
        $"CREATE SCHEMA IF NOT EXISTS {Sql.Identifier(schema)}; CREATE OR REPLACE VIEW {Sql.Identifier(schema)}.{Sql.Identifier(name)} AS {select}", cancellationToken);

    // Columns: those that the files have all of; null: every one.
    private static string Select(DuckDbSession session, DeltaSnapshot snapshot, IReadOnlyList<string> files, string option, string moreColumns, IReadOnlySet<string>? columns = null)
    {
        if (files.Count == 0)
        {
            return $"SELECT {string.Join(", ", snapshot.Schema.Fields.Select(field => Column(field, "NULL")))}{moreColumns} WHERE false";
        }

        // Values of partitions come as text and are cast here, the pruning sees through that.
        var source = $"read_parquet({Sql.List(files)}, union_by_name = true{option}, hive_partitioning = "
            + $"{(snapshot.PartitionColumns.Count > 0 ? "true, hive_types_autocast = false" : "false")})";
        var present = session.Describe($"SELECT * FROM {source}").Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var partitions = snapshot.PartitionColumns.Select((column, index) => (column, local: PartitionPath.LocalColumn(index))).ToDictionary(pair => pair.column, pair => pair.local);
        var values = snapshot.Schema.Fields.Select(field => Column(
            field,
            partitions.TryGetValue(field.Name, out var local) ? Sql.Identifier(local)
            : columns?.Contains(field.Name) == false ? NotBrought(field)
            : present.Contains(field.Name) ? Sql.Identifier(field.Name)
            : "NULL"));
        return $"SELECT {string.Join(", ", values)}{moreColumns} FROM {source}";
    }

    private static string Column(DeltaField field, string value) => $"CAST({value} AS {DeltaTypes.ToDuckDb(field.Type)}) AS "
        + $"{Sql.Identifier(field.Name)}";

    private static List<CacheRequest> Requests(DeltaSnapshot snapshot, LakePath root) => [.. snapshot.Files.Select(file => Request(file, snapshot.PartitionColumns, root))];

    /// <summary>Where a data file is kept locally. Data files are written once under names that are used once: place and name tell what is in them.</summary>
    internal static CacheRequest Request(AddFile file, IReadOnlyList<string> partitionColumns, LakePath root) => new(
        root.Append(PartitionPath.FromLog(file.Path)),
        file.SizeBytes,
        $"{Hash(root.ToString())}/{PartitionPath.ToLocal(partitionColumns, file.PartitionValues)}{Hash(file.Path)}.parquet");

    internal static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12));
}
