using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Writes a query's result as data files of a table. Nobody sees them before a commit names them; vacuum takes what no commit
/// names.</summary>
/// <param name="lake">Where the files go.</param>
/// <param name="cache">Keeps the files for the step that reads them next; null keeps none.</param>
/// <param name="fileSizeBytes">About how large a file gets before the next one begins.</param>
public sealed class DataFileWriter(ILake lake, FileCache? cache = null, long fileSizeBytes = 256L << 20)
{
    private const int ParallelUploads = 8;

    /// <summary>Runs a query into Parquet files below the session's temporary folder, then uploads them.</summary>
    /// <param name="session">Runs the query; its temporary folder must have room for the whole result.</param>
    /// <param name="selectSql">One SELECT. Its columns get the types a table can hold (<see cref="DeltaTypes.Normalise"/>).</param>
    /// <param name="tableRoot">The table's directory.</param>
    /// <param name="partitionColumns">Columns whose values go into the log instead of the files; every combination is a file of its own, or
    /// several where there are more than 100 combinations (DuckDB's open files). Without, files are cut by size.</param>
    /// <param name="invocation">Unique to this attempt: it is part of the files' names, and files are never overwritten.</param>
    /// <param name="cancellationToken">Ends query and uploads.</param>
    /// <returns>The files, uploaded; none where the query gives no rows.</returns>
    /// <exception cref="TerminalException">A column has a type no table can hold, a file of that name is there, or the query fails.</exception>
    public async Task<IReadOnlyList<AddFile>> WriteAsync(
        DuckDbSession session, string selectSql, LakePath tableRoot, IReadOnlyList<string> partitionColumns, string invocation, CancellationToken cancellationToken)
    {
        var columns = session.Describe(selectSql);
        var schema = DeltaSchema.FromDuckDb(columns);
        SchemaRules.CheckNew(tableRoot, schema, partitionColumns);
        var folder = Directory.CreateDirectory(Path.Combine(session.TempDirectory, Path.GetRandomFileName())).FullName;
        try
        {
            var select = $"SELECT {DeltaTypes.Normalise(columns)} FROM (\n{selectSql}\n)";
            var written = Copy(session, select, folder, partitionColumns, cancellationToken);
            CheckSchema(session, written, schema, partitionColumns);
            return await UploadAsync(written, folder, schema, tableRoot, partitionColumns, invocation, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private List<WrittenFile> Copy(DuckDbSession session, string select, string folder, IReadOnlyList<string> partitionColumns, CancellationToken cancellationToken)
    {
        // DuckDB cannot cut files by size and by partition at once.
        var cut = partitionColumns.Count > 0
            ? $"PARTITION_BY ({string.Join(", ", partitionColumns.Select(Sql.Identifier))})"
            : $"FILE_SIZE_BYTES {fileSizeBytes}";
        var written = new List<WrittenFile>();
        using (var result = session.Query($"COPY ({select}) TO {Sql.Literal(folder)} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS, "
            + $"OVERWRITE_OR_IGNORE, {cut})", cancellationToken))
        {
            var names = result.Columns.Select(column => column.Name).ToList();
            foreach (var row in result.Rows())
            {
                written.Add(new WrittenFile
                {
                    LocalFile = row[names.IndexOf("filename")] as string ?? "",
                    Rows = Convert.ToInt64(row[names.IndexOf("count")], CultureInfo.InvariantCulture),
                    Columns = row[names.IndexOf("column_statistics")] as IReadOnlyDictionary<string, object?> ?? new Dictionary<string, object?>(),
                    Partition = row[names.IndexOf("partition_keys")] as IReadOnlyDictionary<string, object?> ?? new Dictionary<string, object?>(),
                });
            }
        }

        // By directory, then by DuckDB's number: data_10 after data_9.
        return [.. written.Where(file => file.Rows > 0)
            .OrderBy(file => Path.GetDirectoryName(file.LocalFile), StringComparer.Ordinal)
            .ThenBy(file => file.LocalFile.Length)
            .ThenBy(file => file.LocalFile, StringComparer.Ordinal)];
    }

    // The log's schema is a promise about the files: what DuckDB wrote is read back, not assumed.
    private static void CheckSchema(DuckDbSession session, List<WrittenFile> written, DeltaSchema schema, IReadOnlyList<string> partitionColumns)
    {
        if (written.Count == 0)
        {
            return;
        }

        var promised = new DeltaSchema { Fields = [.. schema.Fields.Where(field => !partitionColumns.Contains(field.Name))] };
        var file = Sql.Literal(written[0].LocalFile);
        var found = DeltaSchema.FromDuckDb(session.Describe($"SELECT * FROM read_parquet({file}, hive_partitioning = false)"));
        if (!found.Equals(promised))
        {
            throw new TerminalException($"The Parquet files hold ({found}), the table is to have ({promised}). Cast the columns that differ in "
                + "the select.");
        }
    }

    private async Task<IReadOnlyList<AddFile>> UploadAsync(
        List<WrittenFile> written, string folder, DeltaSchema schema, LakePath tableRoot, IReadOnlyList<string> partitionColumns, string invocation, CancellationToken cancellationToken)
    {
        var files = new AddFile[written.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelUploads, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, written.Count, options, async (index, token) =>
        {
            var file = written[index];
            var directory = Path.GetRelativePath(folder, Path.GetDirectoryName(file.LocalFile) ?? folder).Replace(Path.DirectorySeparatorChar, '/');
            var name = string.Create(CultureInfo.InvariantCulture, $"part-{index:D5}-{invocation}.zstd.parquet");
            var path = directory == "." ? name : $"{directory}/{name}";
            var uploaded = await lake.UploadAsync(file.LocalFile, tableRoot.Append(path), overwrite: false, token);
            files[index] = new AddFile
            {
                Path = PartitionPath.ToLog(path),
                PartitionValues = partitionColumns.ToDictionary(
                    column => column, column => PartitionPath.ToLogValue(schema.Find(column)?.Type ?? new PrimitiveType("string"), file.Partition.GetValueOrDefault(column) as string)),
                SizeBytes = uploaded.SizeBytes,
                ModifiedUnixMilliseconds = uploaded.ModifiedUtc.ToUnixTimeMilliseconds(),
                Statistics = new ParquetStatistics(schema, file.Columns).ToStatistics(file.Rows),
            };
            cache?.Adopt(TableReader.Request(files[index], partitionColumns, tableRoot), file.LocalFile);
        });
        return files;
    }

    private sealed record WrittenFile
    {
        public required string LocalFile { get; init; }

        public required long Rows { get; init; }

        /// <summary>By path of quoted names: what is known of the column's values.</summary>
        public required IReadOnlyDictionary<string, object?> Columns { get; init; }

        /// <summary>By partition column, as DuckDB prints the value.</summary>
        public required IReadOnlyDictionary<string, object?> Partition { get; init; }
    }
}
